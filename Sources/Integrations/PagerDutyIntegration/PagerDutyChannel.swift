internal import Egress
internal import Integration
internal import JSON
internal import ServiceRuntime

/// Sends events to PagerDuty.
struct PagerDutyChannel: AnnouncingChannel {
  let settings: PagerDutySettings
  let surroundings: ChannelSurroundings
  private let limiters: [String: RateLimiter]

  init(settings: PagerDutySettings, surroundings: ChannelSurroundings) {
    self.settings = settings
    self.surroundings = surroundings
    let keys = [settings.routingKey] + settings.previousKeys
    limiters = Dictionary(
      keys.map { ($0.id, RateLimiter(eventsPerMinute: settings.eventsPerMinute)) },
      uniquingKeysWith: { first, _ in first })
  }

  /// A resolve goes out with the key of its trigger: under another one PagerDuty drops it.
  private func key(for message: OutgoingMessage) -> RoutingKey? {
    guard let id = message.reference else { return settings.routingKey }
    return ([settings.routingKey] + settings.previousKeys).first { $0.id == id }
  }

  func waitMicroseconds(for message: OutgoingMessage, now: Int64) -> Int64? {
    guard let key = key(for: message), let limiter = limiters[key.id] else { return nil }
    return limiter.waitMicroseconds(for: message.delivery, now: now)
  }

  func send(_ message: OutgoingMessage, now: Int64) async -> SendResult {
    guard let key = key(for: message) else {
      return .refused(
        "the routing key that opened the incident is not among the settings any more")
    }
    let event = PagerDutyEvent(message, routingKey: key.key.secret)
    var result = await post(event, key, to: settings.url)
    result.reference = key.id
    return result
  }

  var wantsAnnouncements: Bool { settings.changesURL != nil }

  func announce(_ announcement: Announcement, now: Int64) async -> SendResult {
    guard let url = settings.changesURL else {
      return .refused("the settings ask for no change events")
    }
    let key = settings.routingKey
    return await post(PagerDutyEvent(announcement, routingKey: key.key.secret), key, to: url)
  }

  private func post(_ event: PagerDutyEvent, _ key: RoutingKey, to url: String) async -> SendResult
  {
    var result: SendResult
    do {
      let response = try await surroundings.egress.send(
        .json(url: url, event.body, totalMilliseconds: surroundings.totalMilliseconds))
      result = SendResult(response, detail: Self.reason(response.body))
    } catch {
      result = SendResult(failure: error)
    }
    // What PagerDuty finds wrong may hold the event, and that the key.
    result.answer = result.answer.redacted([key.key.secret])
    result.payload = String(decoding: event.body.prefix(payloadLogLimit), as: UTF8.self)
      .redacted([key.key.secret])
    return result
  }

  /// What PagerDuty says is wrong with an event.
  private static func reason(_ body: [UInt8]) -> String {
    do {
      let answer = try JSONValue(parsing: body)
      let errors = answer["errors"]?.arrayValue?.compactMap(\.stringValue) ?? []
      let parts = [answer["message"]?.stringValue].compactMap { $0 } + errors
      return parts.joined(separator: "; ")
    } catch {
      // An answer in another form says nothing that could be read.
      return ""
    }
  }
}
