internal import Locking
internal import Nanomsg
internal import ServiceRuntime

/// Calls to one backend over one connection.
public final class RPCChannel: RPCCaller {
  /// The backend's address.
  public let url: String

  private let socket: NanomsgRequestSocket
  private let settings: RPCClientSettings
  private let budget = RetryBudget()
  private let patienceEndMilliseconds: UInt64
  private let attempts: Counter?

  /// Opens a channel, which connects by itself and again whenever the connection breaks.
  ///
  /// - Throws: ``RPCError`` when the address or a certificate cannot be used.
  public init(
    url: String, settings: RPCClientSettings = RPCClientSettings()
  ) throws(RPCError) {
    self.url = url
    self.settings = settings
    do throws(NanomsgError) {
      self.socket = try NanomsgRequestSocket(
        url: url, tls: settings.tls,
        limits: NanomsgLimits(messageBytes: Frame.byteLimit, calls: settings.callsLimit))
    } catch {
      throw RPCError(transport: error)
    }
    self.patienceEndMilliseconds =
      Sweeper.nowMilliseconds + UInt64(max(0, settings.connectPatienceMilliseconds))
    self.attempts = settings.metrics?.counter(
      "tidemark_rpc_client_attempts_total", help: "Attempts of calls to other services.",
      labels: ["method", "status"])
  }

  /// Whether a connection stands.
  public var isConnected: Bool { socket.isConnected }

  /// How many calls are under way.
  public var callsInFlight: Int { socket.callsUnderWay }

  /// Ends the connection; calls under way fail with UNAVAILABLE.
  public func close() { socket.close() }

  /// Makes one call and waits for its answer.
  public func call<Request: WireMessage, Response: WireMessage>(
    _ method: RPCMethod, _ request: Request, options: CallOptions
  ) async throws(RPCError) -> Response {
    let call = OutgoingCall(method, options)
    var number = 1
    while true {
      do throws(RPCError) {
        let response: Response = try await attempt(call, number, request)
        budget.earn()
        return response
      } catch {
        try await call.waitToRetry(after: error, attempt: number, budget: budget)
        number += 1
      }
    }
  }

  /// Makes one attempt of a call.
  func attempt<Request: WireMessage, Response: WireMessage>(
    _ call: OutgoingCall, _ number: Int, _ request: Request
  ) async throws(RPCError) -> Response {
    let frame: NanomsgMessage
    do throws(WireError) {
      frame = try envelope(of: call, number).frame(request)
    } catch {
      throw noted(RPCError(request: error), call)
    }
    let reply = try await exchange(frame, call)
    return try reply.withBytes { bytes throws(RPCError) in
      try Self.decodingAnswer { () throws(WireError) in
        try Response(wire: Frame.Parts.payload(ofChecked: bytes))
      }
    }
  }

  /// Makes the only attempt of a call whose request is packed already.
  func attempt(
    _ call: OutgoingCall, packed request: [UInt8]
  ) async throws(RPCError) -> NanomsgMessage {
    let frame: NanomsgMessage
    do throws(WireError) {
      frame = try envelope(of: call, 1).frame(packed: request)
    } catch {
      throw noted(RPCError(request: error), call)
    }
    return try await exchange(frame, call)
  }

  /// Sends one request and gives back the answer's frame when its status is OK.
  private func exchange(
    _ frame: consuming NanomsgMessage, _ call: OutgoingCall
  ) async throws(RPCError) -> NanomsgMessage {
    let remaining = call.deadline.remainingMilliseconds
    guard remaining > 0 else {
      throw noted(
        RPCError(.deadlineExceeded, "the deadline had passed before the call was made"), call)
    }
    let deadline = Sweeper.nowMilliseconds + UInt64(remaining)
    if !socket.isConnected {
      let patience = min(deadline, patienceEndMilliseconds)
      guard await socket.waitForConnection(deadlineMilliseconds: patience) else {
        throw noted(RPCError(.unavailable, "nobody is connected at \(url)"), call)
      }
    }
    let reply: NanomsgMessage
    do throws(NanomsgError) {
      reply = try await socket.exchange(frame, deadlineMilliseconds: deadline)
    } catch {
      let error = RPCError(transport: error)
      throw noted(
        RPCError(error.code, "\(call.method.name) at \(url): \(error.message)"), call)
    }
    do throws(RPCError) {
      try Self.checkStatus(of: reply)
    } catch {
      throw noted(error, call)
    }
    attempts?.increment(call.method.name, StatusCode.ok.name)
    return reply
  }

  /// Counts an attempt that failed.
  private func noted(_ error: RPCError, _ call: OutgoingCall) -> RPCError {
    attempts?.increment(call.method.name, error.code.name)
    return error
  }

  private func envelope(of call: OutgoingCall, _ number: Int) -> RequestEnvelope {
    RequestEnvelope(call: call, attempt: number, callerToken: token(for: call.method))
  }

  private func token(for method: RPCMethod) -> String {
    guard let identity = settings.identity else { return "" }
    return identity.token(
      for: settings.backend ?? method.backend,
      nowSeconds: Deadline.now.unixMicroseconds / 1_000_000)
  }

  private static func checkStatus(of reply: borrowing NanomsgMessage) throws(RPCError) {
    let error = try reply.withBytes { bytes throws(RPCError) in
      try decodingAnswer { () throws(WireError) in
        let header = try Frame.Parts(bytes).header
        // Success without metadata has an empty header, which is most of all answers.
        return header.isEmpty ? nil : try ResponseHeader(wire: header).error
      }
    }
    if let error { throw error }
  }

  private static func decodingAnswer<Value>(
    _ body: () throws(WireError) -> Value
  ) throws(RPCError) -> Value {
    do throws(WireError) {
      return try body()
    } catch {
      throw RPCError(.internal, "the answer cannot be read: \(error.description)")
    }
  }
}

extension RPCMethod {
  /// The backend that a method belongs to, by its service: `ingest` for `tidemark.v1.Ingest/…`.
  var backend: String {
    let service = name.split(separator: "/").first ?? ""
    return service.split(separator: ".").last.map { $0.lowercased() } ?? ""
  }
}
