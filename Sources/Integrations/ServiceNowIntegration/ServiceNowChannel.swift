internal import Alerting
internal import Egress
internal import Integration
internal import JSON
internal import ServiceRuntime

/// Keeps one record a thread.
struct ServiceNowChannel: DeliveryChannel {
  let settings: ServiceNowSettings
  let surroundings: ChannelSurroundings
  private let limiter: RateLimiter

  init(settings: ServiceNowSettings, surroundings: ChannelSurroundings) {
    self.settings = settings
    self.surroundings = surroundings
    limiter = RateLimiter(eventsPerMinute: settings.messagesPerMinute)
  }

  func waitMicroseconds(for message: OutgoingMessage, now: Int64) -> Int64? {
    limiter.waitMicroseconds(for: message.delivery, now: now)
  }

  func send(_ message: OutgoingMessage, now: Int64) async -> SendResult {
    var session = ServiceNowSession(settings, message, surroundings)
    var result = await session.run()
    if result.outcome != .taken {
      // What an earlier try may have done stays uncertain until one is taken.
      result.mayHaveArrived = result.mayHaveArrived || message.mayHaveArrived
    }
    result.answer = result.answer.redacted(settings.secrets)
    result.payload = String(
      decoding: session.content.encodedBytes().prefix(payloadLogLimit), as: UTF8.self
    ).redacted(settings.secrets)
    return result
  }
}

/// A record that may be that of a thread.
struct ServiceNowRecord {
  let id: String
  let number: String
  let state: String
  /// What the last message that was taken left.
  let display: String

  static let fields = "sys_id,number,state,correlation_display"

  /// Reads a record as the Table API gives it; nil for another form.
  init?(_ value: JSONValue) {
    guard let id = value["sys_id"]?.stringValue, Self.isID(id) else { return nil }
    self.id = id
    number = value["number"]?.stringValue ?? id
    state = value["state"]?.stringValue ?? ""
    display = value["correlation_display"]?.stringValue ?? ""
  }

  /// Whether a text is an identity: 32 hexadecimal digits, without the dashes of a UUID.
  static func isID(_ text: String) -> Bool {
    text.utf8.count == 32
      && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }
}

/// Why a try ended early.
struct ServiceNowStop: Error {
  var result: SendResult
}

/// One try: what is asked of ServiceNow in turn.
struct ServiceNowSession {
  let settings: ServiceNowSettings
  let message: OutgoingMessage
  /// What is told, for the log.
  private(set) var content: JSONValue = .null
  private var conversation: Conversation

  init(
    _ settings: ServiceNowSettings, _ message: OutgoingMessage, _ surroundings: ChannelSurroundings
  ) {
    self.settings = settings
    self.message = message
    let header = settings.credentialsHeader
    conversation = Conversation(
      surroundings,
      headers: [
        EgressHeader(header.name, header.value), EgressHeader("Accept", "application/json"),
      ])
  }

  /// What the record keeps of the delivery that changed it last.
  private var display: String { "Tidemark \(message.delivery)" }

  mutating func run() async -> SendResult {
    do throws(ServiceNowStop) {
      guard let found = try await record() else {
        guard message.action == .trigger else {
          return SendResult(outcome: .taken, answer: "there is no open record to tell it to")
        }
        return try await write(.post, "", creation)
      }
      if found.display == display {
        return SendResult(
          outcome: .taken, answer: "\(found.number): done by an earlier try", reference: found.id)
      }
      return try await write(.patch, "/\(found.id)", change(of: found))
    } catch {
      return error.result
    }
  }

  /// The record that the thread goes on in.
  private mutating func record() async throws(ServiceNowStop) -> ServiceNowRecord? {
    let fields = "sysparm_fields=\(ServiceNowRecord.fields)"
    if let reference = message.reference, ServiceNowRecord.isID(reference) {
      let found = try await ask(.get, "/\(reference)?\(fields)", allowing: [404])
      if let record = found.flatMap({ ServiceNowRecord($0) }), mayContinue(record) { return record }
    }
    let query = "correlation_id=\(message.threadKey)%5EORDERBYDESCsys_created_on"
    let found = try await ask(.get, "?sysparm_query=\(query)&\(fields)&sysparm_limit=20")
    let records = found?.arrayValue?.compactMap { ServiceNowRecord($0) } ?? []
    return records.first { mayContinue($0) && $0.state != settings.resolveState }
      ?? records.first { mayContinue($0) }
  }

  private func mayContinue(_ record: ServiceNowRecord) -> Bool {
    if settings.closedStates.contains(record.state) { return false }
    // What was only resolved may be told that it is over once more, and reopened where that is set.
    let isResolved = record.state == settings.resolveState
    return !isResolved || message.action != .trigger || settings.reopenState != nil
      || record.display == display
  }
}

// What is written.
extension ServiceNowSession {
  private func text(_ text: String) -> JSONValue {
    .string(text.cut(utf16: ServiceNowSettings.textLimit))
  }

  private var levels: JSONObject {
    let severity = message.lead.notice.severity
    var levels = JSONObject()
    levels["urgency"] = settings.urgencies[severity].map { .string($0) }
    levels["impact"] = settings.impacts[severity].map { .string($0) }
    return levels
  }

  private var creation: JSONObject {
    var fields = levels
    fields["short_description"] = .string(
      message.subject.singleLine.cut(utf16: ServiceNowSettings.summaryLimit))
    fields["description"] = text(message.plainWords())
    fields["correlation_id"] = .string(message.threadKey)
    fields["correlation_display"] = .string(display)
    fields["assignment_group"] = settings.assignmentGroup.map { .string($0) }
    fields["caller_id"] = settings.caller.map { .string($0) }
    fields["category"] = settings.category.map { .string($0) }
    return fields
  }

  private func change(of record: ServiceNowRecord) -> JSONObject {
    var fields: JSONObject = ["correlation_display": .string(display)]
    fields["work_notes"] = text(message.plainUpdate)
    switch message.action {
    case .trigger:
      for member in levels.members { fields[member.key] = member.value }
      if record.state == settings.resolveState {
        fields["state"] = settings.reopenState.map { .string($0) }
      }
    case .acknowledge: break
    case .resolve:
      guard let state = settings.resolveState, record.state != state else { break }
      fields["state"] = .string(state)
      fields["close_code"] = .string(settings.closeCode)
      fields["close_notes"] = text(settings.closeNotes)
    }
    return fields
  }

  private mutating func write(
    _ method: EgressRequest.Method, _ path: String, _ fields: JSONObject
  ) async throws(ServiceNowStop) -> SendResult {
    content = .object(fields)
    let answer = try await ask(method, "\(path)?sysparm_fields=\(ServiceNowRecord.fields)", content)
    guard let record = answer.flatMap({ ServiceNowRecord($0) }) else {
      throw ServiceNowStop(result: Self.strange)
    }
    return SendResult(
      outcome: .taken, answer: "\(record.number): \(method == .post ? "created" : "changed")",
      reference: record.id)
  }

  /// An instance that sleeps, or a page to log in, answers with HTML and a good status.
  private static var strange: SendResult {
    SendResult(
      outcome: .retry(afterSeconds: nil), failure: .serverError,
      answer: "a good status without a result", mayHaveArrived: true)
  }
}

// One request.
extension ServiceNowSession {
  /// Asks one thing and gives its `result`; nil for a status that is allowed though it is no good
  /// one.
  private mutating func ask(
    _ method: EgressRequest.Method, _ path: String, _ body: JSONValue? = nil,
    allowing: Set<Int> = []
  ) async throws(ServiceNowStop) -> JSONValue? {
    var result: SendResult
    do {
      let response = try await conversation.send(
        method, "\(settings.instance)/api/now/table/\(settings.table)\(path)",
        body?.encodedBytes() ?? [])
      if allowing.contains(response.status) { return nil }
      let answer = Self.parsed(response.body)
      result = SendResult(response, detail: Self.reason(answer))
      if result.outcome == .taken {
        if let value = answer?["result"] { return value }
        result = Self.strange
      }
    } catch {
      result = SendResult(failure: error)
    }
    // What only asks cannot have changed anything.
    if method == .get { result.mayHaveArrived = false }
    throw ServiceNowStop(result: result)
  }

  private static func parsed(_ body: [UInt8]) -> JSONValue? {
    do {
      return try JSONValue(parsing: body)
    } catch {
      return nil
    }
  }

  /// What ServiceNow says is wrong.
  private static func reason(_ answer: JSONValue?) -> String {
    let parts = [
      answer?["error"]?["message"]?.stringValue, answer?["error"]?["detail"]?.stringValue,
    ]
    return parts.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ": ")
  }
}
