internal import Alerting
internal import Egress
internal import Integration
internal import JSON
internal import ServiceRuntime

/// Keeps one issue a thread.
struct JiraChannel: DeliveryChannel {
  let settings: JiraSettings
  let surroundings: ChannelSurroundings
  private let limiter: RateLimiter

  init(settings: JiraSettings, surroundings: ChannelSurroundings) {
    self.settings = settings
    self.surroundings = surroundings
    limiter = RateLimiter(eventsPerMinute: settings.messagesPerMinute)
  }

  func waitMicroseconds(for message: OutgoingMessage, now: Int64) -> Int64? {
    limiter.waitMicroseconds(for: message.delivery, now: now)
  }

  func send(_ message: OutgoingMessage, now: Int64) async -> SendResult {
    var session = JiraSession(settings, message, surroundings, now: now)
    var result = await session.run()
    // What an earlier try may have done stays uncertain until one is taken.
    if result.outcome != .taken {
      result.mayHaveArrived = result.mayHaveArrived || session.didWrite || message.mayHaveArrived
    }
    result.answer = result.answer.redacted(settings.secrets)
    result.payload = String(
      decoding: session.content.encodedBytes().prefix(payloadLogLimit), as: UTF8.self
    ).redacted(settings.secrets)
    return result
  }
}

/// Why a try ended early.
struct JiraStop: Error {
  var result: SendResult
}

/// One try: what is asked of Jira in turn.
struct JiraSession {
  let settings: JiraSettings
  let message: OutgoingMessage
  let now: Int64
  /// Whether anything was changed, so that a failure later leaves a part done.
  private(set) var didWrite = false
  /// What is told, for the log.
  private(set) var content: JSONValue = .null
  private var conversation: Conversation

  init(
    _ settings: JiraSettings, _ message: OutgoingMessage, _ surroundings: ChannelSurroundings,
    now: Int64
  ) {
    self.settings = settings
    self.message = message
    self.now = now
    conversation = Conversation(
      surroundings,
      headers: [
        EgressHeader("Authorization", settings.authorization),
        EgressHeader("Accept", "application/json"),
      ])
  }

  /// The label of the thread: 67 characters without a space.
  private var label: String { "TM-" + message.threadKey.split(separator: ":").dropFirst().joined() }

  /// Whether an earlier try of the same delivery may have done a part.
  private var isRepetition: Bool { message.mayHaveArrived || message.attempt > 1 }

  mutating func run() async -> SendResult {
    do throws(JiraStop) {
      let found = try await issue()
      if let found {
        if found.delivery == message.delivery {
          return taken(found.key, "created by an earlier try")
        }
        return try await goOn(found)
      }
      guard message.action == .trigger else {
        return SendResult(outcome: .taken, answer: "there is no open issue to tell it to")
      }
      return try await create()
    } catch {
      return error.result
    }
  }

  private func taken(_ key: String, _ words: String) -> SendResult {
    SendResult(outcome: .taken, answer: "\(key): \(words)", reference: key)
  }

}

// Finding the issue of a thread.
extension JiraSession {
  private mutating func issue() async throws(JiraStop) -> JiraIssue? {
    if let reference = message.reference, JiraIssue.isKey(reference) {
      let found = try await ask(
        .get, "issue/\(reference)?fields=status,resolution,resolutiondate", allowing: [404])
      if let found, let issue = JiraIssue(found), settings.mayContinue(issue, now: now) {
        return issue
      }
    }
    return try await search()
  }

  private mutating func search() async throws(JiraStop) -> JiraIssue? {
    let question: JSONValue = [
      "jql": .string(settings.query(label: label)), "maxResults": 20, "fields": JiraIssue.fields,
      "properties": [.string(JiraIssue.property)],
    ]
    let answer = try await ask(.post, "search/jql", question)
    guard let values = answer?["issues"]?.arrayValue else {
      throw JiraStop(
        result: SendResult(
          outcome: .retry(afterSeconds: nil), failure: .serverError,
          answer: "the search answered in another form"))
    }
    let issues = values.compactMap { JiraIssue($0) }
    // One that is open goes before one that would have to be opened again.
    return issues.first { $0.state == .open }
      ?? issues.first { settings.mayContinue($0, now: now) }
  }

}

// Telling it.
extension JiraSession {
  private mutating func create() async throws(JiraStop) -> SendResult {
    let severity = message.lead.notice.severity
    var fields: JSONObject = [
      "project": ["key": .string(settings.project)],
      "issuetype": ["name": .string(settings.issueType)],
      "summary": .string(message.subject.singleLine.cut(utf16: JiraSettings.summaryLimit)),
      "description": JiraDocument(message).value,
      "labels": .array((settings.labels + [label]).map { .string($0) }),
    ]
    if let priority = settings.priorities[severity] {
      fields["priority"] = ["name": .string(priority)]
    }
    content = .object(fields)
    let body: JSONValue = ["fields": .object(fields), "properties": .array([mark])]
    do throws(JiraStop) {
      let answer = try await ask(.post, "issue", body)
      guard let key = answer?["key"]?.stringValue, JiraIssue.isKey(key) else {
        return SendResult(outcome: .taken, answer: "created, under a key that was not told")
      }
      return taken(key, "created")
    } catch {
      var result = error.result
      // The next try asks whether this one arrived, once a search would know.
      if result.mayHaveArrived, case .retry(let seconds) = result.outcome {
        result.outcome = .retry(afterSeconds: max(seconds ?? 0, JiraSettings.indexSeconds))
      }
      throw JiraStop(result: result)
    }
  }

  /// What an issue or a comment remembers.
  private var mark: JSONValue {
    [
      "key": .string(JiraIssue.property),
      "value": ["delivery": .string(message.delivery)],
    ]
  }

  private mutating func goOn(_ issue: JiraIssue) async throws(JiraStop) -> SendResult {
    let missing = try await move(issue)
    try await comment(issue)
    if let missing {
      // Told all the same; but people who wrote the name should see that it is none.
      var result = SendResult.refused("\(issue.key): commented, but \(missing)")
      result.reference = issue.key
      return result
    }
    return taken(issue.key, "commented")
  }

  /// Opens or closes the issue where that is due; gives what stood in the way.
  private mutating func move(_ issue: JiraIssue) async throws(JiraStop) -> String? {
    let name: String?
    switch (message.action, issue.state) {
    case (.trigger, .done): name = settings.reopenTransition
    case (.resolve, .open): name = settings.resolveTransition
    default: name = nil
    }
    guard let name else { return nil }
    let answer = try await ask(.get, "issue/\(issue.key)/transitions")
    let offered = answer?["transitions"]?.arrayValue ?? []
    let chosen = offered.first { transition in
      transition["name"]?.stringValue?.lowercased() == name.lowercased()
    }
    guard let id = chosen?["id"]?.stringValue else {
      let names = offered.compactMap { $0["name"]?.stringValue }.joined(separator: ", ")
      return "there is no transition '\(name)'; there are: \(names)"
    }
    try await ask(
      .post, "issue/\(issue.key)/transitions", ["transition": ["id": .string(id)]])
    didWrite = true
    return nil
  }

  private mutating func comment(_ issue: JiraIssue) async throws(JiraStop) {
    let document =
      message.action == .acknowledge
      ? JiraDocument(message.plainUpdate) : JiraDocument(message)
    content = document.value
    if isRepetition, try await hasComment(issue) { return }
    try await ask(
      .post, "issue/\(issue.key)/comment",
      ["body": document.value, "properties": .array([mark])])
    didWrite = true
  }

  /// Whether an earlier try of the same delivery has left its comment.
  private mutating func hasComment(_ issue: JiraIssue) async throws(JiraStop) -> Bool {
    let answer = try await ask(
      .get, "issue/\(issue.key)/comment?orderBy=-created&maxResults=10&expand=properties")
    return answer?["comments"]?.arrayValue?.contains { comment in
      comment["properties"]?.arrayValue?.contains { property in
        property["key"]?.stringValue == JiraIssue.property
          && property["value"]?["delivery"]?.stringValue == message.delivery
      } ?? false
    } ?? false
  }

}

// One request.
extension JiraSession {
  /// Asks one thing; nil for a status that is allowed though it is no good one.
  @discardableResult
  private mutating func ask(
    _ method: EgressRequest.Method, _ path: String, _ body: JSONValue? = nil,
    allowing: Set<Int> = []
  ) async throws(JiraStop) -> JSONValue? {
    // Whatever asks without changing anything cannot have arrived too late.
    let isQuestion = method == .get || path.hasPrefix("search")
    do {
      let response = try await conversation.send(
        method, "\(settings.site)/rest/api/3/\(path)", body?.encodedBytes() ?? [])
      if allowing.contains(response.status) { return nil }
      var result = SendResult(response, detail: Self.reason(response.body))
      if result.outcome == .taken { return Self.parsed(response.body) }
      if isQuestion { result.mayHaveArrived = false }
      throw JiraStop(result: result)
    } catch let stop as JiraStop {
      throw stop
    } catch let error as EgressError {
      var result = SendResult(failure: error)
      if isQuestion { result.mayHaveArrived = false }
      throw JiraStop(result: result)
    } catch {
      throw JiraStop(result: .refused("\(error)"))
    }
  }

  /// The body as JSON; nil where there is none, as after a transition, or it is cut.
  private static func parsed(_ body: [UInt8]) -> JSONValue? {
    do {
      return try JSONValue(parsing: body)
    } catch {
      return nil
    }
  }

  /// What Jira says is wrong.
  private static func reason(_ body: [UInt8]) -> String {
    guard let answer = parsed(body) else { return "" }
    let general = answer["errorMessages"]?.arrayValue?.compactMap(\.stringValue) ?? []
    let fields = answer["errors"]?.objectValue?.members.map { member in
      "\(member.key): \(member.value.stringValue ?? "wrong")"
    }
    return (general + (fields ?? [])).joined(separator: "; ")
  }
}
