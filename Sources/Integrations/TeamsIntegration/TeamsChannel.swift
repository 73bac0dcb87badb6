internal import Egress
internal import Integration
internal import JSON
internal import ServiceRuntime

/// Posts cards to Microsoft Teams.
struct TeamsChannel: DeliveryChannel {
  let settings: TeamsSettings
  let surroundings: ChannelSurroundings
  private let limiter: RateLimiter

  init(settings: TeamsSettings, surroundings: ChannelSurroundings) {
    self.settings = settings
    self.surroundings = surroundings
    limiter = RateLimiter(eventsPerMinute: settings.messagesPerMinute)
  }

  func waitMicroseconds(for message: OutgoingMessage, now: Int64) -> Int64? {
    limiter.waitMicroseconds(for: message.delivery, now: now)
  }

  func send(_ message: OutgoingMessage, now: Int64) async -> SendResult {
    guard message.recipients.isEmpty else {
      return .refused("a workflow posts to the place it was made for, not to a person")
    }
    let card = TeamsCard(message)
    var result: SendResult
    do {
      result = Self.meaning(
        try await surroundings.egress.send(
          .json(
            url: settings.url.secret, card.body,
            totalMilliseconds: surroundings.totalMilliseconds)))
    } catch {
      result = SendResult(failure: error)
    }
    if case .retry(let seconds?) = result.outcome { limiter.hold(seconds: seconds, now: now) }
    result.answer = result.answer.redacted([settings.url.secret])
    result.payload = String(decoding: card.body.prefix(payloadLogLimit), as: UTF8.self)
    return result
  }

  /// What a workflow answered.
  ///
  /// With a good status the text may still say that Teams did not take the card, and with which
  /// status.
  private static func meaning(_ response: EgressResponse) -> SendResult {
    let text = String(decoding: response.body.prefix(300), as: UTF8.self)
    guard (200..<300).contains(response.status), text.contains("returned HTTP error ") else {
      return SendResult(response, detail: words(text))
    }
    let inner = text.split(separator: "returned HTTP error ").last?.prefix(3) ?? ""
    let passes = inner == "429" || inner.hasPrefix("5")
    return SendResult(
      outcome: passes ? .retry(afterSeconds: response.retryAfterSeconds) : .refused,
      failure: inner == "429" ? .rateLimited : passes ? .serverError : .clientError,
      answer: "\(response.status): \(text)")
  }

  /// What is wrong, in the workflow's own words.
  private static func words(_ text: String) -> String {
    do {
      let error = try JSONValue(parsing: text)["error"]
      return [error?["code"]?.stringValue, error?["message"]?.stringValue].compactMap { $0 }
        .joined(separator: ": ")
    } catch {
      // An answer in another form, which may be a page of a proxy, is shown as it begins.
      return text
    }
  }
}
