internal import RPC

/// Who asks, in which trace and until when: what every function of the core is given.
struct Asker: Sendable {
  let holder: TokenHolder
  let trace: TraceContext
  let deadline: Deadline
  let channel: AuditEvent.Channel

  /// Options of a call to a backend on the asker's behalf.
  var options: CallOptions {
    var options = CallOptions(deadline: deadline)
    options.trace = trace
    return options
  }
}

/// What comes with a request before anybody is known.
struct Arrival: Sendable {
  /// The value of `Authorization`, or nil without one.
  let authorization: String?
  /// Where refused tokens are counted: an address, or a caller's name.
  let place: String
  let trace: TraceContext
  let deadline: Deadline
  let channel: AuditEvent.Channel
}

/// Finds out who asks.
struct Gatekeeper: Sendable {
  private let tokens: GatewayTokens
  private let limiter: RefusalLimiter

  init(tokens: GatewayTokens, limiter: RefusalLimiter) {
    self.tokens = tokens
    self.limiter = limiter
  }

  /// The asker, when the token is valid and has the scope; a nil scope asks for any valid token.
  func admit(_ arrival: Arrival, needing scope: GatewayScope?) async throws(GatewayError) -> Asker {
    guard let value = arrival.authorization, !value.isEmpty else {
      throw GatewayError(.unauthenticated, "Send a token as \"Authorization: Bearer …\".")
    }
    guard let holder = try await holder(value) else {
      if let seconds = limiter.note(arrival.place) {
        throw GatewayError(
          .rateLimited, "Too many tokens were refused; wait before the next.",
          retryAfterSeconds: seconds)
      }
      throw GatewayError(.unauthenticated, "The token is unknown, has ended or was revoked.")
    }
    if let scope, !holder.scopes.contains(scope) {
      throw GatewayError(
        .permissionDenied, "The token lacks the scope \(scope.rawValue).",
        faults: [.init("authorization", "missing_scope", scope.rawValue)])
    }
    return Asker(
      holder: holder, trace: arrival.trace, deadline: arrival.deadline, channel: arrival.channel)
  }

  private func holder(_ value: String) async throws(GatewayError) -> TokenHolder? {
    let words = value.split(separator: " ")
    guard words.count == 2, words[0].lowercased() == "bearer" else { return nil }
    do {
      return try await tokens.holder(of: String(words[1]))
    } catch {
      throw GatewayError(database: error)
    }
  }
}
