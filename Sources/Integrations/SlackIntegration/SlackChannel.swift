internal import Alerting
internal import Egress
internal import Integration
internal import JSON
internal import ServiceRuntime

/// Posts to Slack.
struct SlackChannel: DeliveryChannel {
  /// A message that was posted: where, and Slack's name for it.
  private struct Posted {
    var channel: String
    var stamp: String

    init?(_ reference: some StringProtocol) {
      let parts = reference.split(separator: "/")
      guard parts.count == 2 else { return nil }
      channel = String(parts[0])
      stamp = String(parts[1])
    }
  }

  let settings: SlackSettings
  let surroundings: ChannelSurroundings
  private let limiter: RateLimiter

  init(settings: SlackSettings, surroundings: ChannelSurroundings) {
    self.settings = settings
    self.surroundings = surroundings
    limiter = RateLimiter(eventsPerMinute: settings.messagesPerMinute)
  }

  func waitMicroseconds(for message: OutgoingMessage, now: Int64) -> Int64? {
    limiter.waitMicroseconds(for: message.delivery, now: now)
  }

  func send(_ message: OutgoingMessage, now: Int64) async -> SendResult {
    let content = SlackMessage(message)
    var result: SendResult
    switch settings.way {
    case .webhook(let url):
      guard message.recipients.isEmpty else {
        return .refused("a webhook posts to one channel; to reach a person takes a bot")
      }
      result = await post(content, webhook: url.secret)
    case .bot(let token, let channel, let url):
      var bot = Bot(
        conversation: Conversation(
          surroundings, headers: [EgressHeader("Authorization", "Bearer \(token.secret)")]),
        url: url.hasSuffix("/") ? String(url.dropLast()) : url)
      guard !message.recipients.isEmpty else {
        result = await tell(message, content, in: channel, message.reference ?? "", &bot)
        break
      }
      let people = message.recipients.compactMap(\.slackUser)
      guard people.count == message.recipients.count else {
        let names = message.recipients.filter { $0.slackUser == nil }.map(\.name)
        return .refused("\(names.joined(separator: ", ")): no identity in Slack is known")
      }
      result = await tell(message, content, people, &bot)
    }
    if case .retry(let seconds?) = result.outcome { limiter.hold(seconds: seconds, now: now) }
    result.answer = result.answer.redacted(settings.secrets)
    result.payload = String(
      decoding: JSONValue.object(Self.body(content)).encodedBytes().prefix(payloadLogLimit),
      as: UTF8.self
    ).redacted(settings.secrets)
    return result
  }

  private static func body(_ content: SlackMessage) -> JSONObject {
    ["text": .string(content.text), "blocks": .array(content.blocks)]
  }

  private func post(_ content: SlackMessage, webhook url: String) async -> SendResult {
    var body = Self.body(content)
    body["unfurl_links"] = false
    body["unfurl_media"] = false
    do {
      return SlackAnswer.webhook(
        try await surroundings.egress.send(
          .json(
            url: url, JSONValue.object(body).encodedBytes(),
            totalMilliseconds: surroundings.totalMilliseconds)))
    } catch {
      return SendResult(failure: error)
    }
  }
}

// What a bot does.
extension SlackChannel {
  /// The calls of one try, and where they go.
  private struct Bot {
    var conversation: Conversation
    var url: String
  }

  /// Tells several people, each in a thread of its own.
  ///
  /// The reference has a place for each, so that a try that is repeated passes over those who were
  /// told of the beginning already.
  private func tell(
    _ message: OutgoingMessage, _ content: SlackMessage, _ people: [String],
    _ bot: inout Bot
  ) async -> SendResult {
    var places = (message.reference ?? "").split(separator: " ").map(String.init)
    if places.count != people.count { places = people.map { _ in "-" } }
    let isBeginning = message.action == .trigger && message.reason == .first
    var results: [SendResult] = []
    for (number, person) in people.enumerated() {
      if people.count > 1, isBeginning, message.attempt > 1, places[number] != "-" { continue }
      let result = await tell(message, content, in: person, places[number], &bot)
      places[number] = result.reference ?? places[number]
      results.append(result)
    }
    let failed = results.filter { $0.outcome != .taken }
    // One who can never be reached must not keep the others from being told again.
    var result =
      failed.first { if case .retry = $0.outcome { true } else { false } } ?? failed.first
      ?? SendResult(outcome: .taken, answer: "200: ok")
    result.mayHaveArrived = result.mayHaveArrived || (failed.count < results.count)
    result.reference = places.allSatisfy { $0 == "-" } ? nil : places.joined(separator: " ")
    return result
  }

  /// Posts the first message of a thread, or follows it up.
  private func tell(
    _ message: OutgoingMessage, _ content: SlackMessage, in channel: String, _ reference: String,
    _ bot: inout Bot
  ) async -> SendResult {
    guard let posted = Posted(reference) else {
      return await call("chat.postMessage", newMessage(content, in: channel), &bot).result
    }
    if settings.followUp != .reply {
      let update = await update(posted, content, &bot)
      if update.error == "message_not_found" {
        // Somebody has deleted it; what follows begins a thread of its own.
        return await call("chat.postMessage", newMessage(content, in: channel), &bot).result
      }
      let isUnchangeable = update.error.map { SlackAnswer.unchangeable.contains($0) } ?? false
      guard isUnchangeable || update.result.outcome == .taken else { return update.result }
      if settings.followUp == .update && !isUnchangeable { return update.result }
    }
    var body = newMessage(content, in: posted.channel)
    body["thread_ts"] = .string(posted.stamp)
    // Replies are shown to those who follow the thread; what needs somebody is for the others too.
    if message.action == .trigger { body["reply_broadcast"] = true }
    var result = await call("chat.postMessage", body, &bot).result
    // The thread goes on under its first message.
    result.reference = reference
    return result
  }

  private func newMessage(_ content: SlackMessage, in channel: String) -> JSONObject {
    var body: JSONObject = ["channel": .string(channel)]
    for member in Self.body(content).members { body[member.key] = member.value }
    body["unfurl_links"] = false
    body["unfurl_media"] = false
    return body
  }

  private func update(
    _ posted: Posted, _ content: SlackMessage, _ bot: inout Bot
  ) async -> SlackAnswer.Call {
    var body: JSONObject = ["channel": .string(posted.channel), "ts": .string(posted.stamp)]
    for member in Self.body(content).members { body[member.key] = member.value }
    return await call("chat.update", body, &bot)
  }

  private func call(
    _ method: String, _ body: JSONObject, _ bot: inout Bot
  ) async -> SlackAnswer.Call {
    do {
      return SlackAnswer.call(
        try await bot.conversation.send(
          .post, "\(bot.url)/\(method)", JSONValue.object(body).encodedBytes()))
    } catch {
      return SlackAnswer.Call(result: SendResult(failure: error))
    }
  }
}
