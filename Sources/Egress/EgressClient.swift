internal import CCurl

/// Sends HTTP requests and mail to the outside, under one policy.
///
/// Redirects are not followed, proxies of the environment are not used, and the address of each
/// connection is checked when its socket is opened. Connections are kept for the next request to
/// the same host.
public final class EgressClient: Sendable {
  private let loop: TransferLoop
  private let policy: EgressPolicy

  /// Starts the client's thread.
  ///
  /// - Throws: ``EgressError`` `closed` when libcurl or the thread cannot be started.
  public init(policy: EgressPolicy) throws(EgressError) {
    self.policy = policy
    self.loop = try TransferLoop()
    try loop.start()
  }

  deinit { loop.close() }

  /// Ends the client; what is under way fails with `closed`.
  public func close() { loop.close() }

  /// Sends one request and waits for its answer.
  ///
  /// Any status is an answer, a redirect too. A body longer than
  /// ``EgressResponse/bodyBytesLimit`` is cut and the rest is not read.
  ///
  /// - Throws: ``EgressError`` for anything that is not an answer.
  public func send(_ request: EgressRequest) async throws(EgressError) -> EgressResponse {
    let destination = try Destination(url: request.url)
    try policy.checkScheme(of: destination)
    try checkHeaders(request.headers)
    let outcome = try await loop.run(policy: policy, destination: destination) { transfer in
      transfer.set(CURLOPT_URL, request.url)
      transfer.set(CURLOPT_PROTOCOLS_STR, destination.scheme)
      transfer.set(CURLOPT_TIMEOUT_MS, request.totalMilliseconds)
      transfer.set(CURLOPT_CONNECTTIMEOUT_MS, request.connectMilliseconds)
      switch request.method {
      case .get: transfer.set(CURLOPT_HTTPGET, 1)
      case .post: transfer.setBody(request.body)
      case .put, .patch:
        transfer.setBody(request.body)
        transfer.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
      }
      // Without this libcurl waits for an interim answer before it sends a large body.
      transfer.setHeaders(["Expect:"] + request.headers.map { "\($0.name): \($0.value)" })
    }
    if outcome.result != CURLE_OK && !outcome.isBodyCut {
      throw failure(of: outcome, isMail: false)
    }
    return EgressResponse(
      status: outcome.status, headers: outcome.headers, body: outcome.body,
      isBodyCut: outcome.isBodyCut,
      retryAfterSeconds: outcome.retryAfterSeconds > 0 ? outcome.retryAfterSeconds : nil,
      durationMicroseconds: outcome.durationMicroseconds)
  }
}

// The rules of what may be asked.
extension EgressClient {
  private func checkHeaders(_ headers: [EgressHeader]) throws(EgressError) {
    for header in headers {
      let isName = header.name.utf8.allSatisfy { byte in
        (byte >= 0x30 && byte <= 0x39) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a)
          || byte == 0x2d || byte == 0x5f
      }
      guard isName, !header.name.isEmpty else {
        throw EgressError(.invalidRequest, "a header's name is not a word")
      }
      guard header.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
        throw EgressError(.invalidRequest, "header \(header.name) holds a control character")
      }
    }
  }
}
