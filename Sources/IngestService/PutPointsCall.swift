internal import PointsContract
internal import Postgres
internal import RPC
internal import SeriesModel
internal import SeriesStore
internal import ServiceRuntime
internal import WorkQueue

extension IngestCalls {
  /// The most faults that an answer names.
  private static let faultsLimit = 1_000

  /// The most faults that an error names.
  private static let errorFaultsLimit = 20

  func putPoints(
    _ request: PutPointsRequest, context: CallContext
  ) async throws(RPCError) -> PutPointsResponse {
    let mode = try Self.mode(request)
    let policy = try Self.policy(request)
    let batch = request.points ?? PointBatch()
    try batch.checkShape()
    try enter(request.source)
    defer { leave(request.source) }
    do {
      var reading = try await read(batch)
      while true {
        let plan = PointPlan(reading.rows, mode: mode)
        let judged = reading.adding(plan.faults)
        if policy == .refuseBatch, !judged.faults.isEmpty {
          figures.count(accepted: 0, duplicate: 0, late: 0, refused: Int64(batch.value.count))
          throw Self.refusal(judged.faults)
        }
        do {
          let stored = try await store(plan, request, mode)
          return answer(stored, judged, rows: batch.value.count)
        } catch let error as SeriesStoreError {
          // A sum that grew too large shows only when it meets what is stored.
          guard error.code == .sumOutOfRange, let row = error.row else { throw error }
          reading.drop(row)
        }
      }
    } catch {
      throw RPCError(error, while: "put points")
    }
  }

  private static func mode(_ request: PutPointsRequest) throws(RPCError) -> PointMode {
    switch request.mode {
    case .set: break
    case .increment:
      guard !request.source.isEmpty, request.sequence > 0 else {
        throw RPCError(
          .invalidArgument, field: "sequence", reason: "missing",
          "increments need a source and a sequence above 0, to be counted once")
      }
    default:
      throw RPCError(
        .invalidArgument, field: "mode", reason: "unknown_value",
        "mode must be PUT_MODE_SET or PUT_MODE_INCREMENT")
    }
    guard request.source.utf8.count <= 100 else {
      throw RPCError(
        .invalidArgument, field: "source", reason: "too_long", "source may hold 100 bytes")
    }
    return request.mode == .set ? .set : .increment
  }

  private static func policy(_ request: PutPointsRequest) throws(RPCError) -> FaultPolicy {
    switch request.faultPolicy {
    case .unspecified, .refuseBatch: return .refuseBatch
    case .skipRows: return .skipRows
    default:
      throw RPCError(
        .invalidArgument, field: "fault_policy", reason: "unknown_value",
        "fault_policy has the unknown value \(request.faultPolicy.rawValue)")
    }
  }

  private func read(_ batch: PointBatch) async throws -> BatchReading {
    let customers = try await catalogue.customers(batch.customers)
    let metrics = try await catalogue.metrics(batch.metrics)
    var batchZones: [Zone] = []
    if batch.bucket.isEmpty, !batch.value.isEmpty {
      let organisation = try organisationZone()
      let names = try await catalogue.zoneNames(
        customers.map { $0 ?? CustomerID(high: 0, low: 0) })
      // A zone that has left the system since it was accepted falls back to the organisation's.
      batchZones = names.map { $0.isEmpty ? organisation : zones.zone($0) ?? organisation }
    }
    return BatchReading(
      batch, customers: customers, metrics: metrics, zones: batchZones, accepted: acceptedTime)
  }

  func organisationZone() throws(RPCError) -> Zone {
    guard let zone = zones.zone(settings.runtime.zone) else {
      throw RPCError(
        .failedPrecondition, "the zone \(quoted(settings.runtime.zone)) is not on this system")
    }
    return zone
  }

  private struct Stored {
    var outcome = WriteOutcome()
    var isRepeated = false
  }

  private func store(
    _ plan: PointPlan, _ request: PutPointsRequest, _ mode: PointMode
  ) async throws -> Stored {
    let now = nowUnixMicroseconds()
    return try await pool.transaction { connection in
      if mode == .increment {
        let isNew = try SeriesWriter.enter(
          source: request.source, sequence: request.sequence,
          accepted: Int64(request.points?.value.count ?? 0), nowUnixMicroseconds: now,
          on: connection)
        if !isNew {
          let sequence = try SeriesWriter.lastSequence(on: connection)
          return Stored(outcome: WriteOutcome(sequence: sequence), isRepeated: true)
        }
      }
      let outcome = try SeriesWriter.write(plan, on: connection)
      try queue.enqueue(
        plan.latestOnArrival.map { BaselineRelay.observe($0, sequence: outcome.sequence) },
        on: connection)
      if outcome.corrections > 0 {
        let closed = try SeriesWriter.closedThrough(on: connection)
        let touched = plan.granularities
        try queue.enqueue(
          touched.compactMap { granularity in
            closed[granularity].map {
              BaselineRelay.correct(
                Bucket(granularity, $0), sequence: outcome.sequence, nowUnixMicroseconds: now)
            }
          }, on: connection)
      }
      return Stored(outcome: outcome)
    }
  }

  private func answer(_ stored: Stored, _ reading: BatchReading, rows: Int) -> PutPointsResponse {
    var response = PutPointsResponse()
    let refused = reading.faults.count
    response.accepted = Int64(rows - refused)
    response.changed = stored.outcome.changed
    response.corrections = stored.outcome.corrections
    response.repeatedBatch = stored.isRepeated
    response.refused = Int64(refused)
    response.ingestSequence = stored.outcome.sequence
    response.faults = reading.faults.prefix(Self.faultsLimit).map { fault in
      var wire = PointFault()
      wire.row = fault.row
      wire.code = fault.code
      wire.detail = fault.detail
      return wire
    }
    figures.count(
      accepted: stored.outcome.changed - stored.outcome.corrections,
      duplicate: max(0, response.accepted - stored.outcome.changed),
      late: stored.outcome.corrections, refused: response.refused)
    return response
  }

  private static func refusal(_ faults: [BatchReading.Fault]) -> RPCError {
    let details = faults.prefix(errorFaultsLimit).map { fault in
      var detail = StatusDetail()
      detail.code = fault.code
      detail.field = "points[\(fault.row)]"
      detail.description = fault.detail
      return detail
    }
    let first = faults[0]
    return RPCError(
      code: .invalidArgument,
      message: "\(faults.count) rows are wrong and nothing was stored; row \(first.row): "
        + "\(first.code), \(first.detail)",
      details: Array(details))
  }
}
