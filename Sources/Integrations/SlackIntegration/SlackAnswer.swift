internal import Egress
internal import Integration
internal import JSON

/// What Slack said, in a form that can be acted upon.
enum SlackAnswer {
  /// Errors of the Web API that pass
  /// (docs.slack.dev/reference/methods/chat.postMessage, "Errors").
  private static let passing: Set = [
    "ratelimited", "rate_limited", "message_limit_exceeded", "fatal_error", "internal_error",
    "service_unavailable", "request_timeout", "team_added_to_org",
  ]

  /// Errors of the Web API that are about who we are, which only people can change.
  private static let credentials: Set = [
    "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired",
    "no_permission", "missing_scope", "org_login_required", "ekm_access_denied", "access_denied",
    "not_allowed_token_type", "team_access_not_granted", "accesslimited",
    "enterprise_is_restricted", "two_factor_setup_required", "invalid_token",
  ]

  /// Errors that say that the first message of a thread cannot be changed, though it is there.
  static let unchangeable: Set = [
    "cant_update_message", "edit_window_closed", "update_failed", "is_inactive",
  ]

  /// The meaning of what a webhook answered: good is only the text "ok".
  ///
  /// What it finds wrong comes with a status of its own, so another text with a 200 is final, as
  /// Alertmanager has it.
  static func webhook(_ response: EgressResponse) -> SendResult {
    let text = String(decoding: response.body.prefix(200), as: UTF8.self)
    guard response.status == 200 else { return SendResult(response, detail: text) }
    if text == "ok" { return SendResult(outcome: .taken, answer: "200: ok") }
    return SendResult(outcome: .refused, failure: .clientError, answer: "200: \(text)")
  }

  /// What the Web API answered.
  struct Call {
    var result: SendResult
    /// Slack's word for what is wrong; nil where nothing is, or none was said.
    var error: String?
  }

  /// The meaning of what the Web API answered: its status says little, its body all.
  static func call(_ response: EgressResponse) -> Call {
    let body: JSONValue
    do {
      body = try JSONValue(parsing: response.body)
    } catch {
      // A proxy or a page of an outage; with a good status it may have been done all the same.
      var result = SendResult(response)
      if result.outcome == .taken {
        result = SendResult(
          outcome: .retry(afterSeconds: nil), failure: .serverError,
          answer: "\(response.status): no JSON", mayHaveArrived: true)
      }
      return Call(result: result)
    }
    let word = body["error"]?.stringValue
    if (200..<300).contains(response.status), body["ok"]?.boolValue == true {
      var result = SendResult(outcome: .taken, answer: "\(response.status): ok")
      if let channel = body["channel"]?.stringValue, let stamp = body["ts"]?.stringValue {
        result.reference = "\(channel)/\(stamp)"
      }
      return Call(result: result)
    }
    guard (200..<300).contains(response.status), let word else {
      return Call(result: SendResult(response, detail: word ?? ""), error: word)
    }
    var result = SendResult(
      outcome: .refused, failure: .clientError, answer: "\(response.status): \(word)")
    if passing.contains(word) {
      let isLimit = word.contains("limit")
      result.outcome = .retry(afterSeconds: response.retryAfterSeconds)
      result.failure = isLimit ? .rateLimited : .serverError
      result.mayHaveArrived = !isLimit
    } else if credentials.contains(word) {
      result.failure = .authError
    }
    return Call(result: result, error: word)
  }
}
