internal import AnomalyContract
internal import Cryptography
internal import EvidenceContract
internal import JSON
internal import PointsContract
internal import Postgres
internal import RPC
internal import SeriesContract
internal import SeriesModel

/// What the gateway does, whoever asks by whatever way: HTTP and RPC are two shells around it.
struct GatewayCore: Sendable {
  let ingest: IngestClient
  let classifier: ClassifierClient
  let baseline: BaselineClient
  let store: GatewayStore
  let cursor: PageCursor

  /// Runs a call to a backend and reads its failure.
  func asking<Answer: Sendable>(
    _ backend: String, _ call: () async throws(RPCError) -> Answer
  ) async throws(GatewayError) -> Answer {
    do throws(RPCError) {
      return try await call()
    } catch {
      throw GatewayError(backend: backend, error)
    }
  }

  /// Runs work in our own database and reads its failure.
  func storing<Answer: Sendable>(
    _ work: () async throws -> Answer
  ) async throws(GatewayError) -> Answer {
    do {
      return try await work()
    } catch let error as GatewayError {
      throw error
    } catch let error as PostgresError {
      throw GatewayError(database: error)
    } catch {
      throw GatewayError(.internal, "The database failed.")
    }
  }

  /// The customer of a UUID or an external id.
  func customer(
    _ name: String, pointer: String, _ asker: Asker
  ) async throws(GatewayError) -> SeriesContract.Customer {
    guard !name.isEmpty else {
      throw GatewayError(field: pointer, "missing", "\(pointer) is missing")
    }
    guard name.utf8.count <= 200 else {
      throw GatewayError(field: pointer, "too_long", "\(pointer) may hold 200 bytes")
    }
    var request = GetCustomerRequest()
    request.customer = name
    let found: SeriesContract.Customer?
    do throws(RPCError) {
      found = try await ingest.getCustomer(request, options: asker.options).customer
    } catch {
      guard error.code == .notFound else { throw GatewayError(backend: "ingest", error) }
      found = nil
    }
    guard let found else {
      throw GatewayError(
        .notFound, "There is no customer \"\(name)\".",
        faults: [.init(pointer, "unknown_customer", "no customer has this id")])
    }
    return found
  }
}

/// What a list of anomalies is asked for.
struct AnomalyQuestion: Sendable, Hashable {
  var customer = ""
  var states: [AnomalyContract.AnomalyState] = []
  var severities: [AnomalyContract.Severity] = []
  var types: [AnomalyContract.AnomalyType] = []
  var metric = ""
  var fromUnixMicroseconds: Int64 = 0
  var toUnixMicroseconds: Int64 = 0
  var pageSize: Int32 = 0
  var pageToken = ""

  /// All but the page: what a page token is bound to.
  func bytes(customerID: [UInt8]) -> [UInt8] {
    let parts: [JSONValue] = [
      .string(Hexadecimal.encode(customerID)), .array(states.map { .integer(Int64($0.rawValue)) }),
      .array(severities.map { .integer(Int64($0.rawValue)) }),
      .array(types.map { .integer(Int64($0.rawValue)) }), .string(metric),
      .integer(fromUnixMicroseconds), .integer(toUnixMicroseconds),
    ]
    return JSONValue.array(parts).encodedBytes()
  }
}

/// A page of a customer's anomalies.
struct AnomalyPage: Sendable {
  let customer: SeriesContract.Customer
  let anomalies: [AnomalyContract.Anomaly]
  let nextPageToken: String
}

extension GatewayCore {
  /// Lists a customer's anomalies, worst and newest first.
  func list(
    _ question: AnomalyQuestion, _ asker: Asker
  ) async throws(GatewayError) -> AnomalyPage {
    guard question.pageSize >= 0 else {
      throw GatewayError(field: "page_size", "negative", "page_size must not be negative")
    }
    let customer = try await customer(question.customer, pointer: "customer", asker)
    let bound = question.bytes(customerID: customer.id)
    var request = ListAnomaliesRequest()
    request.customerID = customer.id
    request.states = question.states
    request.severities = question.severities
    request.types = question.types
    request.metric = question.metric
    request.detectedFromUnixUs = question.fromUnixMicroseconds
    request.detectedToUnixUs = question.toUnixMicroseconds
    var page = SeriesContract.Page()
    page.pageSize = min(question.pageSize, 1_000)
    page.pageToken = try cursor.open(question.pageToken, question: bound)
    request.page = page
    let answer = try await asking("classifier") { () async throws(RPCError) in
      try await classifier.listAnomalies(request, options: asker.options)
    }
    return AnomalyPage(
      customer: customer, anomalies: answer.anomalies,
      nextPageToken: cursor.seal(answer.nextPageToken, question: bound))
  }
}

/// A person's word that an anomaly is no problem.
struct Dismissing: Sendable, Hashable {
  var anomalyID: [UInt8] = []
  var reason = ""
  var comment = ""
  var verdict = ""
}

extension GatewayCore {
  /// Dismisses an anomaly; repeating it changes nothing.
  func dismiss(
    _ wish: Dismissing, _ asker: Asker
  ) async throws(GatewayError) -> AnomalyContract.Anomaly {
    guard let id = WireUUID(bytes: wish.anomalyID) else {
      throw GatewayError(
        field: "anomaly_id", "not_a_uuid", "anomaly_id must be a UUID of 16 bytes")
    }
    try Self.check(wish.reason, "reason", limit: 2_000, isRequired: true)
    try Self.check(wish.comment, "comment", limit: 4_000, isRequired: false)
    var request = TransitionRequest()
    request.anomalyID = wish.anomalyID
    request.verb = .dismiss
    request.actorID = asker.holder.wireID
    request.actorName = asker.holder.name
    request.reason = wish.reason
    request.comment = wish.comment
    let answer = try await asking("classifier") { () async throws(RPCError) in
      try await classifier.transition(request, options: asker.options)
    }
    guard let anomaly = answer.anomaly else {
      throw GatewayError(.internal, "classifier answered without an anomaly.")
    }
    let detail: JSONValue = [
      "reason": .string(wish.reason), "comment": .string(wish.comment),
      "verdict": wish.verdict.isEmpty ? nil : .string(wish.verdict),
    ]
    // The moment of the dismissal makes the key: a repeat is the same event, and one whose audit
    // row a crash has cost is made up for.
    let event = AuditEvent(
      key: "dismiss/\(id.text)/\(anomaly.dismissedUnixUs)", holder: asker.holder,
      action: "anomaly.dismiss", subject: "anomaly/\(id.text)", detail: detail.encoded(),
      traceID: asker.trace.traceID, channel: asker.channel)
    try await storing { try await store.insert(event) }
    return anomaly
  }

  private static func check(
    _ text: String, _ pointer: String, limit: Int, isRequired: Bool
  ) throws(GatewayError) {
    if isRequired, text.allSatisfy(\.isWhitespace) {
      throw GatewayError(field: pointer, "missing", "\(pointer) is missing")
    }
    guard text.utf8.count <= limit else {
      throw GatewayError(
        field: pointer, "too_long",
        "\(pointer) may hold \(limit) bytes and has \(text.utf8.count)")
    }
  }
}
