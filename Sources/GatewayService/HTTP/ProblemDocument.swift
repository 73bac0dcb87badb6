internal import HTTPServer
internal import JSON

/// Responses of the public API: JSON, problems, and the headers that all of them carry.
enum PublicResponse {
  /// Where the types of problems are described.
  static let problemBase = "https://errors.tidemark.example/"

  static func json(_ status: Int, _ value: JSONValue) -> HTTPResponse {
    guarded(
      HTTPResponse(
        status: status, headers: ["Content-Type": "application/json"], body: value.encodedBytes()))
  }

  /// A refusal in the form of RFC 9457.
  static func problem(_ error: GatewayError, traceID: String, path: String) -> HTTPResponse {
    var members: JSONObject = [
      "type": .string(problemBase + error.code.rawValue), "title": .string(error.code.title),
      "status": .integer(Int64(error.code.httpStatus)), "detail": .string(error.detail),
      "code": .string(error.code.rawValue.replacing("-", with: "_")),
    ]
    if !path.isEmpty { members["instance"] = .string(path) }
    if !traceID.isEmpty { members["trace_id"] = .string(traceID) }
    if !error.faults.isEmpty {
      members["errors"] = .array(
        error.faults.map { fault in
          [
            "pointer": .string(fault.pointer), "code": .string(fault.code),
            "detail": .string(fault.detail),
          ]
        })
    }
    var response = HTTPResponse(
      status: error.code.httpStatus, headers: ["Content-Type": "application/problem+json"],
      body: JSONValue.object(members).encodedBytes())
    switch error.code {
    case .unauthenticated: response.headers["WWW-Authenticate"] = "Bearer realm=\"tidemark\""
    case .permissionDenied:
      let scope = error.faults.first?.detail ?? ""
      response.headers["WWW-Authenticate"] =
        "Bearer realm=\"tidemark\", error=\"insufficient_scope\", scope=\"\(scope)\""
    default: break
    }
    if error.retryAfterSeconds > 0 {
      response.headers["Retry-After"] = String(error.retryAfterSeconds)
    }
    return guarded(response)
  }

  /// A refusal of the HTTP server itself, in the same form.
  @Sendable
  static func describe(_ fault: HTTPFault) -> HTTPResponse {
    let code: GatewayError.Code =
      switch fault {
      case .ambiguousFraming, .badTarget: .invalidArgument
      case .headerTooLarge: .headerTooLarge
      case .bodyTooLarge: .payloadTooLarge
      case .handlerTimeout: .deadlineExceeded
      case .stopping: .upstreamUnavailable
      }
    return problem(
      GatewayError(code, fault.detail, retryAfterSeconds: fault == .stopping ? 1 : 0),
      traceID: "", path: "")
  }

  /// Adds what keeps browsers and caches from misreading an answer.
  private static func guarded(_ response: HTTPResponse) -> HTTPResponse {
    var response = response
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Strict-Transport-Security"] = "max-age=63072000"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    return response
  }
}
