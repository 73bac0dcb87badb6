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

  /// Reads the request from its frame, frees the frame, runs the handler and frames the answer.
  let answer:
    @Sendable (consuming NanomsgMessage, CallContext) async throws(RPCError) -> NanomsgMessage

  /// Binds a method to its handler; generated code does.
  public init<Request: WireMessage, Response: WireMessage>(
    _ method: RPCMethod,
    handler:
      @escaping @Sendable (Request, CallContext) async throws(RPCError) -> Response
  ) {
    self.method = method
    self.answer = { (frame, context) async throws(RPCError) -> NanomsgMessage in
      let request: Request = try Self.payload(of: frame)
      let response = try await handler(request, context)
      do throws(WireError) {
        return try Frame.message(payload: response)
      } catch {
        throw RPCError(
          error.code == .tooLarge ? .resourceExhausted : .internal,
          "the answer cannot be written: \(error.detail)")
      }
    }
  }

  private static func payload<Request: WireMessage>(
    of frame: consuming NanomsgMessage
  ) throws(RPCError) -> Request {
    try frame.withBytes { bytes throws(RPCError) in
      do throws(WireError) {
        return try Request(wire: Frame.Parts.payload(ofChecked: bytes))
      } catch {
        throw RPCError(request: error)
      }
    }
  }
}
