internal import HTTPServer
internal import JSON
internal import RPC
internal import SeriesContract
internal import SeriesModel
internal import ServiceRuntime

/// The public API over HTTP: finds the page, lets the asker in, and calls the core.
struct PublicAPI: Sendable {
  private let core: GatewayCore
  private let gatekeeper: Gatekeeper
  private let figures: GatewayFigures
  private let logger: Logger
  private let requestMilliseconds: Int

  init(
    core: GatewayCore, gatekeeper: Gatekeeper, figures: GatewayFigures, logger: Logger,
    requestSeconds: Double
  ) {
    self.core = core
    self.gatekeeper = gatekeeper
    self.figures = figures
    self.logger = logger
    requestMilliseconds = Int(requestSeconds * 1_000)
  }

  /// Answers one request, whatever happens.
  func answer(_ request: HTTPRequest) async -> HTTPResponse {
    let begun = SystemTime.monotonicSeconds()
    let trace =
      request.headers["traceparent"].flatMap {
        TraceContext(traceparent: $0, state: request.headers["tracestate"] ?? "")?.child()
      } ?? .begin()
    let page = PublicPage(request.segments)
    let response: HTTPResponse
    do throws(GatewayError) {
      response = try await answer(request, page, trace)
    } catch {
      response = refuse(error, request, page, trace)
    }
    let seconds = SystemTime.monotonicSeconds() - begun
    figures.answered(page.name, response.status, seconds: seconds)
    logger.debug(
      "request answered",
      [
        "method": request.method, "page": page.name, "status": String(response.status),
        "trace": trace.traceID,
      ])
    return response
  }

  private func refuse(
    _ error: GatewayError, _ request: HTTPRequest, _ page: PublicPage, _ trace: TraceContext
  ) -> HTTPResponse {
    if error.code == .internal {
      logger.error("request failed", ["error": "\(error)", "trace": trace.traceID])
    }
    var response = PublicResponse.problem(error, traceID: trace.traceID, path: request.path)
    if error.code == .methodNotAllowed {
      response.headers["Allow"] = page.methods.joined(separator: ", ")
    }
    // RFC 6750: a request without a token is not told what is wrong with one.
    if error.code == .unauthenticated, request.headers["Authorization"] != nil {
      response.headers["WWW-Authenticate"] = "Bearer realm=\"tidemark\", error=\"invalid_token\""
    }
    return response
  }

  private func answer(
    _ request: HTTPRequest, _ page: PublicPage, _ trace: TraceContext
  ) async throws(GatewayError) -> HTTPResponse {
    guard !page.methods.isEmpty else {
      throw GatewayError(.notFound, "There is no such page.")
    }
    guard page.methods.contains(request.method) else {
      throw GatewayError(
        .methodNotAllowed, "This page knows \(page.methods.joined(separator: ", ")) only.")
    }
    if case .description = page { return PublicResponse.json(200, PublicDescription.document) }
    let arrival = Arrival(
      authorization: request.headers.values("Authorization").first,
      place: request.remoteAddress, trace: trace,
      deadline: .after(milliseconds: requestMilliseconds), channel: .http)
    let asker = try await gatekeeper.admit(arrival, needing: page.scope)
    switch page {
    case .anomalies(let customer):
      let question = try QueryReader(request).question(customer: customer)
      return PublicResponse.json(200, try AnomalyJSON.page(try await core.list(question, asker)))
    case .scan: return try await scan(request, asker)
    case .dismissal(let id): return try await dismiss(id, request, asker)
    case .operation(let id): return try await operation(id, asker)
    case .description, .unknown: throw GatewayError(.notFound, "There is no such page.")
    }
  }

  private func scan(
    _ request: HTTPRequest, _ asker: Asker
  ) async throws(GatewayError) -> HTTPResponse {
    var body = try BodyReader(request, mayBeEmpty: true)
    var wish = ScanWish()
    wish.customers = body.texts("customers", countLimit: ScanWish.customersLimit, limit: 200)
    wish.granularity = body.word(
      "granularity", SeriesModel.Granularity.allCases.map { ($0.name, $0) })
    wish.notifyHistory = body.boolean("notify_history")
    wish.isDryRun = body.boolean("dry_run")
    try body.finish()
    wish.idempotencyKey = try Self.idempotencyKey(request)
    switch try await core.scan(wish, asker) {
    case .started(let id):
      let path = "/api/v1/operations/\(id.text)"
      var response = PublicResponse.json(
        202, ["operation_id": .string(id.text), "operation": .string(path)])
      response.headers["Location"] = path
      return response
    case .wouldRun(let runs):
      return PublicResponse.json(
        200,
        [
          "dry_run": true,
          "runs": .array(
            runs.map {
              ["granularity": .string($0.granularity.name), "series": .integer($0.series)]
            }),
        ])
    }
  }

  private func dismiss(
    _ id: String, _ request: HTTPRequest, _ asker: Asker
  ) async throws(GatewayError) -> HTTPResponse {
    guard let anomaly = WireUUID(text: id) else {
      throw GatewayError(.notFound, "There is no anomaly of this id.")
    }
    var body = try BodyReader(request, mayBeEmpty: false)
    var wish = Dismissing()
    wish.anomalyID = anomaly.bytes
    wish.reason = body.text("reason", limit: 2_000, isRequired: true)
    wish.comment = body.text("comment", limit: 4_000)
    wish.verdict = body.word("verdict", Self.verdicts.map { ($0, $0) }) ?? ""
    try body.finish()
    return PublicResponse.json(200, try AnomalyJSON.value(try await core.dismiss(wish, asker)))
  }

  private func operation(_ id: String, _ asker: Asker) async throws(GatewayError) -> HTTPResponse {
    guard let id = WireUUID(text: id) else {
      throw GatewayError(.notFound, "There is no operation of this id.")
    }
    let progress = try await core.progress(of: id, asker)
    return PublicResponse.json(
      200,
      [
        "operation_id": .string(id.text), "done": .bool(progress.isDone),
        "state": progress.isDone
          ? (progress.seriesFailed > 0 ? "completed_with_failures" : "completed") : "running",
        "progress": .number((progress.share * 10_000).rounded() / 10_000),
        "series": [
          "due": .integer(progress.seriesDue), "scanned": .integer(progress.seriesScanned),
          "skipped": .integer(progress.seriesSkipped), "failed": .integer(progress.seriesFailed),
        ],
        "findings": .integer(progress.findings),
      ])
  }

  /// What a person may mean by a dismissal.
  static let verdicts = [
    "expected_event", "false_alarm", "new_normal", "data_error", "duplicate", "confirmed",
  ]

  /// The key as the draft has it, a quoted string; a bare word is taken as well.
  private static func idempotencyKey(_ request: HTTPRequest) throws(GatewayError) -> String {
    let values = request.headers.values("Idempotency-Key")
    guard let value = values.first else { return "" }
    let refusal = GatewayError(
      field: "Idempotency-Key", "bad_key",
      "Idempotency-Key must be one text in quotes, 1 to 255 characters")
    guard values.count == 1 else { throw refusal }
    var key = value[...]
    if key.hasPrefix("\"") {
      guard key.utf8.count >= 2, key.hasSuffix("\"") else { throw refusal }
      key = key.dropFirst().dropLast()
    }
    guard (1...255).contains(key.utf8.count), !key.contains("\""), !key.contains("\\") else {
      throw refusal
    }
    return String(key)
  }
}
