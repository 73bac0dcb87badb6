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
    var model = try SeriesBaseline(decoding: stored.bytes)
    guard let last = model.lastBucket else { return skipped("no_history") }
    guard request.bucket > last else { return skipped("already_judged") }
    guard request.bucket - last <= Self.gapLimit else { return skipped("too_far_ahead") }
    if request.bucket > last + 1 {
      let between = try await reader.slots(
        of: [key], metric.granularity, from: last + 1, through: request.bucket - 1)
      for bucket in last + 1..<request.bucket {
        model.advance(to: bucket, value: between[0, bucket])
      }
    }
    var batch = EvidenceBatch(
      runID: runID(request.bucket), bucket: Bucket(metric.granularity, request.bucket),
      revision: 0, ingestSequence: request.ingestSequence,
      modelVersion: ModelParameters.version, customers: [customer], metrics: [metric],
      windows: ModelParameters.parameters(for: metric.granularity).windows)
    let known = try await calendar.flags(batch.bucket, customer, metric)
    let outcome = model.advance(
      to: request.bucket, value: request.value, customerIndex: 0, metricIndex: 0,
      flags: known.union(.provisional), into: &batch)
    guard outcome == .judged else { return skipped("no_history") }
    var call = JudgeRequest()
    call.evidence = EvidenceContract.EvidenceBatch(batch)
    call.notify = true
    _ = try await detector.judge(call, options: options)
    var response = ObserveResponse()
    response.judged = true
    return response
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
