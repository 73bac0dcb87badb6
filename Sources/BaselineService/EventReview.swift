import Baselines
import EvidenceContract
import FindingsContract
import Locking
import RPC
import SeriesContract
import SeriesModel

/// Lets platform events be looked at again, where the rows of cohorts were made anew.
struct EventReview: Sendable {
  /// The rows that one batch may hold.
  private static let rowsLimit = ModelFold.batchRows

  let cohorts: CohortTable
  let detector: DetectorClient
  let isStopping: Locked<Bool>

  /// Hands over the rows from the first that is anew on, and what came before it of an event that
  /// lasted then.
  func review(_ run: ScanRun, _ anew: CohortTable.Anew) async throws {
    let id = Self.id(run)
    var opening = OpenReviewRequest()
    opening.reviewID = id.bytes
    opening.granularity = SeriesContract.Granularity(run.granularity)
    opening.firstBucket = [anew.first]
    let from = try await detector.open(opening)[0]
    var batches: UInt32 = 0
    var block = from
    while block <= anew.last {
      let through = min(block + RangeScan.blockBuckets - 1, anew.last)
      let rows = try await cohorts.rows(run.granularity, from: block, through: through)
      for bucket in block...through {
        guard let rows = rows[bucket], !rows.isEmpty else { continue }
        if isStopping.withLock({ $0 }) {
          throw BaselineServiceError(.stopping, "the service stops")
        }
        _ = try await detector.judge(
          evidence(rows, bucket, run, anew), notify: run.notifiesHistory, for: id)
        batches += 1
      }
      block = through + 1
    }
    var closing = CloseReviewRequest()
    closing.reviewID = id.bytes
    closing.granularity = opening.granularity
    closing.throughBucket = anew.last
    closing.revision = UInt32(anew.revision)
    closing.notifyHistory = run.notifiesHistory
    closing.fromBucket = from
    closing.cause = .calendar
    closing.detail = anew.detail
    closing.batches = batches
    _ = try await detector.closeReview(closing, options: RangeReview.options)
  }

  private func evidence(
    _ rows: [Baselines.CohortRow], _ bucket: Int32, _ run: ScanRun, _ anew: CohortTable.Anew
  ) -> Baselines.EvidenceBatch {
    var evidence = Baselines.EvidenceBatch(
      runID: run.id, bucket: Bucket(run.granularity, bucket), revision: UInt32(anew.revision),
      ingestSequence: run.ingestSequence, modelVersion: ModelParameters.version,
      windows: ModelParameters.parameters(for: run.granularity).windows)
    // Those of events first, should there be more than a batch may hold.
    let events = rows.filter { $0.outageSince != nil }
    let others = rows.filter { $0.outageSince == nil }
    evidence.cohorts = (events + others).prefix(Self.rowsLimit).sorted { $0.cohort < $1.cohort }
    return evidence
  }

  private static func id(_ run: ScanRun) -> WireUUID {
    var hash = ContentHash(seed: run.id.high)
    hash.add(run.id.low)
    hash.add(UInt64(bitPattern: run.calendarSequence))
    return WireUUID(
      high: run.id.high & 0xffff_ffff_ffff_0fff | 0x8000,
      low: hash.value & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000)
  }
}
