internal import Nanomsg

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

  /// Reads the request, and gives back what runs the handler and writes the answer.
  ///
  /// In two steps because the bytes are only borrowed, and no pointer may wait for a handler.
  let prepare: @Sendable (UnsafeRawBufferPointer) throws(RPCError) -> PreparedCall

  /// Binds a method to its handler; generated code does.
  public init<Request: WireMessage, Response: WireMessage>(
    _ method: RPCMethod,
    handler:
      @escaping @Sendable (Request, CallContext) async throws(RPCError) -> Response
  ) {
    self.method = method
    self.prepare = { (payload) throws(RPCError) -> PreparedCall in
      let request: Request
      do throws(WireError) {
        request = try Request(wire: payload)
      } catch {
        throw RPCError(request: error)
      }
      return { (context) async throws(RPCError) -> NanomsgMessage in
        let response = try await handler(request, context)
        do throws(WireError) {
          return try Frame.message(header: ResponseHeader(), payload: response)
        } catch {
          throw RPCError(
            error.code == .tooLarge ? .resourceExhausted : .internal,
            "the answer cannot be written: \(error.detail)")
        }
      }
    }
  }
}

/// A handler with its request read: runs it and frames the answer.
typealias PreparedCall = @Sendable (CallContext) async throws(RPCError) -> NanomsgMessage
