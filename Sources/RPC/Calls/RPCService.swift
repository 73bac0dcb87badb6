/// The methods of one service with their handlers, as a server takes them.
public struct RPCService: Sendable {
  /// Full name, such as `tidemark.v1.Ingest`.
  public let name: String

  /// The methods that are served.
  public let methods: [RPCMethodHandler]

  /// Makes a service; generated code does.
  public init(name: String, methods: [RPCMethodHandler]) {
    self.name = name
    self.methods = methods
  }
}

/// One method with what answers it.
public struct RPCMethodHandler: Sendable {
  /// The method that is answered.
  public let method: RPCMethod

  /// Reads the request, runs the handler and gives back how to write the answer.
  let run: @Sendable (UnsafeRawBufferPointer, CallContext) async throws(RPCError) -> any WireMessage

  /// Binds a method to its handler; generated code does.
  public init<Request: WireMessage, Response: WireMessage>(
    _ method: RPCMethod,
    handler:
      @escaping @Sendable (Request, CallContext) async throws(RPCError) -> Response
  ) {
    self.method = method
    self.run = { (payload, context) async throws(RPCError) -> any WireMessage in
      let request: Request
      do throws(WireError) {
        request = try Request(wire: payload)
      } catch {
        throw RPCError(request: error)
      }
      return try await handler(request, context)
    }
  }
}
