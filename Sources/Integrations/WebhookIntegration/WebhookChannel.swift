internal import Egress
internal import Integration
internal import ServiceRuntime

/// Sends signed webhooks.
struct WebhookChannel: DeliveryChannel {
  /// How long an endpoint is left alone that is under load and does not say how long, in seconds.
  static let restSeconds = 60

  let settings: WebhookSettings
  let surroundings: ChannelSurroundings
  private let limiter: RateLimiter

  init(settings: WebhookSettings, surroundings: ChannelSurroundings) {
    self.settings = settings
    self.surroundings = surroundings
    limiter = RateLimiter(eventsPerMinute: settings.messagesPerMinute)
  }

  func waitMicroseconds(for message: OutgoingMessage, now: Int64) -> Int64? {
    limiter.waitMicroseconds(for: message.delivery, now: now)
  }

  func send(_ message: OutgoingMessage, now: Int64) async -> SendResult {
    guard message.recipients.isEmpty else {
      return .refused("a webhook has an endpoint, not people")
    }
    // A dot would let the identity reach into the moment that is signed behind it.
    let id = message.delivery.replacing(".", with: "-")
    let body = WebhookBody(
      message, id: id, settings: settings, publicURL: surroundings.publicURL)
    let timestamp = now / 1_000_000
    let signatures = settings.secrets.map {
      $0.signature(id: id, timestamp: timestamp, body: body.bytes)
    }
    let request = EgressRequest(
      url: settings.url.secret,
      headers: body.headers + [
        EgressHeader("webhook-id", id), EgressHeader("webhook-timestamp", "\(timestamp)"),
        EgressHeader("webhook-signature", signatures.joined(separator: " ")),
      ],
      body: body.bytes, totalMilliseconds: surroundings.totalMilliseconds,
      connectMilliseconds: min(surroundings.totalMilliseconds, 5_000))
    var result: SendResult
    do {
      result = Self.meaning(try await surroundings.egress.send(request))
    } catch {
      result = SendResult(failure: error)
    }
    if case .retry(let seconds?) = result.outcome { limiter.hold(seconds: seconds, now: now) }
    result.answer = result.answer.redacted([settings.url.secret])
    result.payload = String(decoding: body.bytes.prefix(payloadLogLimit), as: UTF8.self)
    return result
  }

  /// What an endpoint answered, as Standard Webhooks has it ("Delivery success and failure").
  private static func meaning(_ response: EgressResponse) -> SendResult {
    var result = SendResult(response)
    switch response.status {
    case 300..<400:
      result.answer += ": a redirect, which is not followed; name the new address"
    case 410:
      result.outcome = .disabled
      result.answer += ": the endpoint wants no more"
    case 429, 502, 504:
      result.outcome = .retry(afterSeconds: response.retryAfterSeconds ?? restSeconds)
    default: break
    }
    return result
  }
}
