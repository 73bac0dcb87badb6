import Baselines
import EvidenceContract
import FindingsContract
import RPC
import SeriesModel
import SeriesStore

/// Judges one point the moment it arrives, from the stored model and without advancing it.
struct Arrival: Sendable {
  /// Buckets that may lie between what the model knows and the point.
  static let gapLimit: Int32 = 400

  let runs: ScanRunTable
  let reader: SeriesReader
  let calendar: ScanCalendar
  let cohorts: CohortTable
  let settings: SettingsTable
  let detector: DetectorClient
  let customer: Customer
  let metric: Metric

  /// Judges at revision 0; the close of the bucket confirms or withdraws it at revision 1.
  func observe(
    _ request: ObserveRequest, options: CallOptions
  ) async throws -> ObserveResponse {
    let key = SeriesKey(customer.id, metric.id)
    guard let stored = try await StateTable.find(key, in: runs.pool) else {
      return skipped("no_history")
    }
    guard let model = try Self.model(stored), let last = model.lastBucket else {
      return skipped("no_history")
    }
    guard request.bucket > last else { return skipped("already_judged") }
    guard request.bucket - last <= Self.gapLimit else { return skipped("too_far_ahead") }
    guard let batch = try await evidence(request, model, after: last) else {
      return skipped("no_history")
    }
    var call = JudgeRequest()
    call.evidence = EvidenceContract.EvidenceBatch(batch)
    call.notify = true
    _ = try await detector.judge(call, options: options)
    var response = ObserveResponse()
    response.judged = true
    return response
  }

  /// The stored model, or nil when the next scan has to rebuild it.
  private static func model(_ stored: StoredState) throws -> SeriesBaseline? {
    do throws(BaselineError) {
      return try SeriesBaseline(decoding: stored.bytes)
    } catch {
      switch error.code {
      case .otherVersion: return nil
      case .damaged: throw error
      }
    }
  }

  /// Walks a copy of the model over the buckets that are not closed yet, as a scan would, and then
  /// over the point; nil when it has nothing to compare the point with.
  ///
  /// Of a bucket that has no cohort rows yet, the last known shift is taken.
  private func evidence(
    _ request: ObserveRequest, _ model: SeriesBaseline, after last: Int32
  ) async throws -> Baselines.EvidenceBatch? {
    let granularity = metric.granularity
    var between: SlotTable?
    if request.bucket > last + 1 {
      between = try await reader.slots(
        of: [SeriesKey(customer.id, metric.id)], granularity, from: last + 1,
        through: request.bucket - 1)
    }
    let known = try await cohorts.lastKnown(granularity, of: customer.cohort)
    let stored = try await cohorts.rows(
      granularity, of: [customer.cohort], from: last + 1, through: request.bucket)
    var calendar = try await calendar.newest(customers: [customer], metrics: [metric])
    let set = try await settings.newest().present(in: [customer], [metric])
    var fold = ModelFold(
      runID: runID(request.bucket), granularity: granularity,
      ingestSequence: request.ingestSequence, customers: [customer], metrics: [metric],
      members: [
        ModelFold.Member(
          customer: 0, metric: 0, model: model, through: last,
          silentThrough: request.bucket - 1)
      ], sensitivity: set.sensitivity, rules: set.staticRules)
    var found: Baselines.EvidenceBatch?
    for bucket in last + 1...request.bucket {
      calendar.enter(Bucket(granularity, bucket))
      var flags = EvidenceFlags(calendar.entry(customer: 0, metric: 0))
      var value = request.value
      if bucket < request.bucket {
        value = between?[0, bucket] ?? .nan
      } else {
        flags.insert(.provisional)
      }
      var rows = stored[bucket] ?? []
      if rows.isEmpty, let known, bucket > known.bucket { rows = known.rows }
      let (batches, _) = fold.advance(
        to: bucket, values: { _ in value }, flags: { _ in flags }, cohorts: rows)
      found = batches.first?.evidence
    }
    found?.revision = 0
    return found
  }

  /// An arrival is a run of its own, named by what arrived, so that a repeat is the same.
  private func runID(_ bucket: Int32) -> ScanRunID {
    var hash = ContentHash(seed: customer.id.high)
    hash.add(customer.id.low)
    hash.add(UInt64(UInt32(bitPattern: metric.id.number)))
    hash.add(UInt64(UInt32(bitPattern: bucket)))
    return ScanRunID(
      high: customer.id.high & 0xffff_ffff_ffff_0fff | 0x8000,
      low: hash.value & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000)
  }

  private func skipped(_ reason: String) -> ObserveResponse {
    var response = ObserveResponse()
    response.skippedBecause = reason
    return response
  }
}
