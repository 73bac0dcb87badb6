internal import Egress
internal import JSON
internal import ServiceRuntime

/// Sends events to PagerDuty.
struct PagerDutyChannel: DeliveryChannel {
  let settings: PagerDutySettings
  let egress: EgressClient
  let publicURL: String?
  let totalMilliseconds: Int
  private let limiters: [String: RateLimiter]

  init(
    settings: PagerDutySettings, egress: EgressClient, publicURL: String?, totalMilliseconds: Int
  ) {
    self.settings = settings
    self.egress = egress
    self.publicURL = publicURL
    self.totalMilliseconds = totalMilliseconds
    let keys = [settings.routingKey] + settings.previousKeys
    limiters = Dictionary(
      keys.map { ($0.id, RateLimiter(eventsPerMinute: settings.eventsPerMinute)) },
      uniquingKeysWith: { first, _ in first })
  }

  /// A resolve goes out with the key of its trigger: under another one PagerDuty drops it.
  private func key(for message: OutgoingMessage) -> RoutingKey? {
    guard let id = message.keyID else { return settings.routingKey }
    return ([settings.routingKey] + settings.previousKeys).first { $0.id == id }
  }

  func waitMicroseconds(for message: OutgoingMessage, now: Int64) -> Int64? {
    guard let key = key(for: message), let limiter = limiters[key.id] else { return nil }
    return limiter.waitMicroseconds(for: message.delivery, now: now)
  }

  func send(_ message: OutgoingMessage) async -> SendResult {
    guard let key = key(for: message) else {
      return SendResult(
        outcome: .refused,
        answer: "the routing key that opened the incident is not among the settings any more")
    }
    let event = PagerDutyEvent(
      message.notice, isTrigger: message.isTrigger, routingKey: key.key.secret,
      deduplicationKey: message.deduplicationKey, publicURL: publicURL)
    var result: SendResult
    do {
      let response = try await egress.send(
        EgressRequest(
          url: settings.url, headers: [EgressHeader("Content-Type", "application/json")],
          body: event.body, totalMilliseconds: totalMilliseconds))
      result = Self.meaning(of: response)
    } catch {
      result = SendResult(failure: error)
    }
    result.keyID = key.id
    // What PagerDuty finds wrong may hold the event, and that the key.
    result.answer = result.answer.replacing(key.key.secret, with: "<redacted>")
    return result
  }

  private static func meaning(of response: EgressResponse) -> SendResult {
    switch response.status {
    case 200..<300:
      return SendResult(outcome: .taken, answer: "\(response.status)")
    case 429, 408:
      return SendResult(
        outcome: .retry(afterSeconds: response.retryAfterSeconds), answer: "\(response.status)")
    case 500...599:
      return SendResult(
        outcome: .retry(afterSeconds: response.retryAfterSeconds), answer: "\(response.status)",
        mayHaveArrived: true)
    default:
      return SendResult(outcome: .refused, answer: "\(response.status)" + reason(response.body))
    }
  }

  /// What PagerDuty says is wrong with an event.
  private static func reason(_ body: [UInt8]) -> String {
    do {
      let answer = try JSONValue(parsing: body)
      let errors = answer["errors"]?.arrayValue?.compactMap(\.stringValue) ?? []
      let parts = [answer["message"]?.stringValue].compactMap { $0 } + errors
      return parts.isEmpty ? "" : ": " + parts.joined(separator: "; ")
    } catch {
      // An answer in another form says nothing that could be read.
      return ""
    }
  }
}

extension SendResult {
  /// The meaning of an exchange that failed.
  init(failure error: EgressError) {
    let isUncertain = error.code == .timeout || error.code == .brokenExchange
    self.init(
      outcome: error.mayPassLater ? .retry(afterSeconds: nil) : .refused,
      answer: error.description, mayHaveArrived: isUncertain)
  }
}
