import Baselines
import EvidenceContract
import FindingsContract
import Postgres
import RPC
import SeriesContract
import SeriesModel
import SeriesStore

/// Answers Baseline's methods.
struct BaselineCalls: BaselineHandler {
  let runs: ScanRunTable
  let reader: SeriesReader
  let lookup: SeriesLookup
  let calendar: ScanCalendar
  let cohorts: CohortTable
  let settings: SettingsTable
  let detector: DetectorClient
  var notifiesHistory = false

  func closeBucket(
    _ request: CloseBucketRequest, context: CallContext
  ) async throws(RPCError) -> CloseBucketResponse {
    let granularity = try SeriesModel.Granularity(request.granularity, field: "granularity")
    return try await answering { () async throws -> CloseBucketResponse in
      let (id, _) = try await runs.ensure(
        ScanRunTable.Request(
          granularity: granularity, through: request.throughBucket,
          ingestSequence: request.ingestSequence, notifiesHistory: notifiesHistory))
      var response = CloseBucketResponse()
      response.runID = id.bytes
      return response
    }
  }

  func startScan(
    _ request: StartScanRequest, context: CallContext
  ) async throws(RPCError) -> StartScanResponse {
    let granularity = try SeriesModel.Granularity(request.granularity, field: "granularity")
    var operation: WireUUID?
    if !request.operationID.isEmpty {
      operation = try WireUUID(bytes: request.operationID, field: "operation_id")
    }
    let named = operation.map { PostgresUUID(high: $0.high, low: $0.low) }
    return try await answering { () async throws -> StartScanResponse in
      // A scan of some is a scan of all: what has been scanned costs nothing, and a customer's
      // bucket is judged once. The names are checked, so that a mistake is not met with silence.
      for (place, customer) in request.customers.enumerated() {
        _ = try await lookup.customer(customer, field: "customers[\(place)]")
      }
      guard let closed = try await reader.closed(granularity) else {
        throw RPCError(
          .failedPrecondition, field: "granularity", reason: "nothing_closed",
          "no bucket of granularity \(granularity.name) is closed yet")
      }
      let counts = try await reader.seriesCounts(granularity)
      let (id, isKnown) = try await runs.ensure(
        ScanRunTable.Request(
          granularity: granularity, through: closed.through.index,
          ingestSequence: try await lookup.newestSequence(closed),
          notifiesHistory: request.notifyHistory, operation: named,
          seriesInStore: counts.reduce(0) { $0 + Int64($1.count) }))
      var response = StartScanResponse()
      response.runID = id.bytes
      response.alreadyKnown = isKnown
      return response
    }
  }

  func getScan(
    _ request: GetScanRequest, context: CallContext
  ) async throws(RPCError) -> GetScanResponse {
    let id = try WireUUID(bytes: request.runID, field: "run_id")
    return try await answering { () async throws -> GetScanResponse in
      guard
        let report = try await ScanReport.read(
          ScanRunID(high: id.high, low: id.low), from: runs.pool)
      else {
        throw RPCError(
          .notFound, field: "run_id", reason: "unknown_run", "run_id: no scan run \(id.text)")
      }
      return report
    }
  }

  func getBaseline(
    _ request: GetBaselineRequest, context: CallContext
  ) async throws(RPCError) -> GetBaselineResponse {
    try await answering { () async throws -> GetBaselineResponse in
      let customer = try await lookup.customer(request.customer, field: "customer")
      let metric = try await lookup.metric(request.metric, field: "metric")
      guard
        let stored = try await StateTable.find(
          SeriesKey(customer.id, metric.id), in: runs.pool),
        let summary = try SeriesBaseline(decoding: stored.bytes).summary
      else {
        throw RPCError(
          .failedPrecondition, field: "metric", reason: "insufficient_history",
          "nothing is known of \(request.metric) of \(request.customer) yet")
      }
      return GetBaselineResponse(summary)
    }
  }

  func observe(
    _ request: ObserveRequest, context: CallContext
  ) async throws(RPCError) -> ObserveResponse {
    try WireLimits.finite(request.value, "value")
    return try await answering { () async throws -> ObserveResponse in
      let arrival = Arrival(
        runs: runs, reader: reader, calendar: calendar, cohorts: cohorts, settings: settings,
        detector: detector,
        customer: try await lookup.customer(request.customer, field: "customer"),
        metric: try await lookup.metric(request.metric, field: "metric"))
      return try await arrival.observe(request, options: context.childOptions())
    }
  }

  /// Turns failures of the store into statuses: a lost database is UNAVAILABLE, which callers
  /// retry; everything else is ours.
  func answering<Response: Sendable>(
    _ body: () async throws -> Response
  ) async throws(RPCError) -> Response {
    do {
      return try await body()
    } catch let error as RPCError {
      throw error
    } catch let error as PostgresError {
      throw RPCError(error.isPassing ? .unavailable : .internal, "\(error)")
    } catch {
      throw RPCError(.internal, "\(error)")
    }
  }
}

extension ScanRunID {
  /// The identity as it travels.
  var bytes: [UInt8] { WireUUID(high: high, low: low).bytes }
}

extension GetBaselineResponse {
  /// Writes what is normal for a series.
  init(_ summary: BaselineSummary) {
    self.init()
    granularity = SeriesContract.Granularity(summary.granularity)
    bucket = summary.lastBucket
    level = summary.level
    profile = summary.profile
    lower = summary.lower
    expected = summary.expected
    upper = summary.upper
    coverage = summary.coverage
    sampleSize = Int64(summary.sampleSize)
    needed = Int64(summary.needed)
    mean = summary.recent.mean
    median = summary.recent.median
    window = Int64(summary.window)
    method = summary.method
  }
}
