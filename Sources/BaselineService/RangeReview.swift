import Baselines
import EvidenceContract
import FindingsContract
import Locking
import Postgres
import RPC
import SeriesContract
import SeriesModel
import SeriesStore
import ServiceRuntime
import WorkQueue

/// How much of the past is judged again.
struct ReviewLimits: Sendable, Hashable {
  /// How far back, in days before the last bucket that was judged.
  var days: Int
  /// How many series in one run.
  var series: Int

  /// The most buckets, however long the days are: each of them is a batch that waits at the
  /// classifier for the end of its review.
  ///
  /// That is 416 days of hours, and 34 of five minutes.
  static let bucketsLimit: Int64 = 10_000

  /// The first bucket that is judged again.
  func earliest(_ granularity: SeriesModel.Granularity, through last: Int32) -> Int32 {
    let buckets = min(
      max(1, Int64(days) * 86_400 / granularity.seconds), Self.bucketsLimit)
    return Int32(clamping: Int64(last) - buckets + 1)
  }
}

/// Judges again what a range's models have judged without knowing all: points that came late or
/// were corrected, the calendar, and cohorts that were made anew.
///
/// All series of a customer are judged again together, for an anomaly may be of several. The models
/// are rebuilt from the beginning of history as they would have been, and their evidence goes to
/// the detector under a higher revision, bucket by bucket, as part of a review. The classifier
/// takes the review over as a whole when it is closed; then the models are stored. After a crash it
/// begins anew and comes to the same.
struct RangeReview: Sendable {
  let loader: RangeLoader
  let detector: DetectorClient
  let limits: ReviewLimits
  let leaseSeconds: Double
  let figures: BaselineFigures
  let logger: Logger
  let isStopping: Locked<Bool>

  private var runs: ScanRunTable { loader.runs }

  /// Customers whose series are judged again together.
  private struct Group {
    var id: WireUUID
    var list: SeriesList
    /// The first bucket that has changed, and why, a customer each in the order of the list.
    var changes: [StoredRange.Staleness]
    /// The last bucket that was judged.
    var through: Int32
    var revision: UInt32
  }

  /// What was handed over of a group.
  private struct Handed {
    var batches: UInt32 = 0
    var findings: Int64 = 0
  }

  /// Judges again what is stale in a range.
  ///
  /// - Returns: How many findings it came to, and whether models were stored.
  func review(
    _ run: ScanRun, _ shards: Range<Int>, _ range: StoredRange, _ job: ClaimedJob
  ) async throws -> (findings: Int64, isStored: Bool) {
    let groups = groups(run, shards, range)
    let count = groups.reduce(0) { $0 + $1.list.series.count }
    guard count > 0 else { return (0, false) }
    guard try await reserve(run, shards, series: count) else {
      logger.warning(
        "history not judged again",
        ["reason": "too many series in one run", "run": run.id.key, "series": "\(count)"])
      return (0, false)
    }
    var findings: Int64 = 0
    for group in groups { findings += try await review(group, run, range, job) }
    return (findings, true)
  }

  private func groups(
    _ run: ScanRun, _ shards: Range<Int>, _ range: StoredRange
  ) -> [Group] {
    var changes: [CustomerID: StoredRange.Staleness] = [:]
    for key in range.list.series {
      guard let own = range.stale[key] else { continue }
      guard let known = changes[key.customer] else {
        changes[key.customer] = own
        continue
      }
      if own.first < known.first { changes[key.customer] = own }
    }
    var parts: [(customers: Set<CustomerID>, series: Int)] = []
    for customer in range.list.customers where changes[customer.id] != nil {
      let count = range.list.series.count {
        $0.customer == customer.id && range.states[$0] != nil
      }
      if let last = parts.last, last.series + count <= ModelFold.batchRows {
        parts[parts.count - 1].customers.insert(customer.id)
        parts[parts.count - 1].series += count
      } else {
        parts.append(([customer.id], count))
      }
    }
    return parts.enumerated().map { place, part in
      let list = range.list.filtered {
        part.customers.contains($0.customer) && range.states[$0] != nil
      }
      let states = list.series.compactMap { range.states[$0] }
      let through = states.map(\.through).max() ?? run.through
      let earliest = limits.earliest(run.granularity, through: through)
      return Group(
        id: Self.id(run, shards, place), list: list,
        changes: list.customers.map { customer in
          var change =
            changes[customer.id]
            ?? StoredRange.Staleness(first: through, cause: .correction, detail: "")
          change.first = max(change.first, earliest)
          return change
        }, through: through, revision: (states.map(\.revision).max() ?? 1) + 1)
    }
  }

  /// The same for a repeat, and another one for each run and for all that a run pins.
  private static func id(_ run: ScanRun, _ shards: Range<Int>, _ place: Int) -> WireUUID {
    func word(_ seed: UInt64) -> UInt64 {
      var hash = ContentHash(seed: seed)
      for number in [run.id.high, run.id.low] { hash.add(number) }
      for number in [run.calendarSequence, run.ingestSequence] {
        hash.add(UInt64(bitPattern: number))
      }
      hash.add(UInt64(shards.lowerBound))
      hash.add(UInt64(place))
      return hash.value
    }
    return WireUUID(
      high: word(1) & 0xffff_ffff_ffff_0fff | 0x8000,
      low: word(2) & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000)
  }

  /// Takes a share of what a run may judge again; false when the others have left none.
  private func reserve(
    _ run: ScanRun, _ shards: Range<Int>, series: Int
  ) async throws -> Bool {
    let limit = limits.series
    return try await runs.pool.transaction { connection in
      // Those who take their share side by side must see each other's.
      try connection.execute(
        "SELECT FROM scan_run WHERE run_id = $1 FOR NO KEY UPDATE", [run.id.stored])
      return try connection.execute(
        """
        UPDATE scan_range SET series_reviewed = $3
        WHERE run_id = $1 AND shard_from = $2 AND $3 + (
          SELECT COALESCE(sum(series_reviewed), 0) FROM scan_range AS other
          WHERE other.run_id = $1 AND other.shard_from <> $2) <= $4
        """,
        [
          run.id.stored, .int32(Int32(shards.lowerBound)), .int64(Int64(series)),
          .int64(Int64(limit)),
        ]
      ).affected == 1
    }
  }

  private func review(
    _ group: Group, _ run: ScanRun, _ range: StoredRange, _ job: ClaimedJob
  ) async throws -> Int64 {
    let customers = group.list.customers
    let from = try await open(group, run)
    let history = try await loader.reader.firstBucket(
      run.granularity, of: customers.map(\.id))
    var models = try RangeModels(
      run: run, list: group.list, metrics: range.metrics,
      calendar: try await loader.calendar.resolver(
        for: run, customers: customers, metrics: range.metrics),
      settings: try await loader.settings.settings(asOf: run.settingSequence),
      states: range.states, models: group.list.series.map { _ in nil },
      first: min(history ?? group.through, group.through),
      judgedFrom: Dictionary(uniqueKeysWithValues: zip(customers.map(\.id), from)))
    let start = models.start
    let judgedFrom = from.min() ?? group.through
    let handed = try await walk(
      &models, group, range.metrics, judgedFrom: judgedFrom, run, job)
    try await close(group, run, from: from, batches: handed.batches)
    var changes = models.changes(after: start - 1)
    for place in changes.indices { changes[place].state.revision = group.revision }
    let stored = changes
    try await runs.pool.transaction { connection in
      try runs.queue.renew(job, leaseSeconds: leaseSeconds, on: connection)
      try StateTable.store(stored, of: run, on: connection)
    }
    figures.reviewed(series: group.list.series.count)
    logger.info(
      "history judged again",
      [
        "run": run.id.key, "series": "\(group.list.series.count)",
        "from": "\(Bucket(run.granularity, judgedFrom))",
        "through": "\(Bucket(run.granularity, group.through))", "findings": "\(handed.findings)",
      ])
    return handed.findings
  }

  /// Walks the models to the last bucket that was judged, and hands over what they say on the way.
  ///
  /// Each bucket is judged by the settings of the run that judged it first: what people set later
  /// says nothing of the past.
  private func walk(
    _ models: inout RangeModels, _ group: Group, _ metrics: [SeriesModel.Metric],
    judgedFrom: Int32, _ run: ScanRun, _ job: ClaimedJob
  ) async throws -> Handed {
    var handed = Handed()
    var taken = try await runs.settingsTaken(run.granularity, judgedFrom...(.max))[...]
    var settings: (sequence: Int64, present: JudgementSettings)?
    var from = models.start
    while from <= group.through {
      let through = min(from + RangeScan.blockBuckets - 1, group.through)
      let table = try await loader.points.values(
        of: models.series, run.granularity, from: from, through: through,
        sequence: run.ingestSequence)
      let rows = try await loader.cohorts.rows(
        run.granularity, of: models.cohorts, from: from, through: through)
      for bucket in from...through {
        if isStopping.withLock({ $0 }) {
          throw BaselineServiceError(.stopping, "the service stops")
        }
        let (batches, _) = models.advance(
          to: bucket, points: table, cohorts: rows[bucket] ?? [])
        if batches.isEmpty { continue }
        while let first = taken.first, first.through < bucket { taken = taken.dropFirst() }
        let sequence = taken.first?.sequence ?? run.settingSequence
        if settings?.sequence != sequence {
          let present = try await loader.settings.settings(asOf: sequence).present(
            in: group.list.customers, metrics)
          settings = (sequence, present)
        }
        for var batch in batches {
          batch.sensitivity = settings?.present.sensitivity ?? []
          batch.rules = settings?.present.staticRules ?? []
          batch.revision = group.revision
          handed.batches += 1
          handed.findings += try await detector.judge(
            batch, notify: run.notifiesHistory, for: group.id)
        }
      }
      try await runs.pool.transaction { connection in
        try runs.queue.renew(job, leaseSeconds: leaseSeconds, on: connection)
      }
      from = through + 1
    }
    return handed
  }

  private func open(_ group: Group, _ run: ScanRun) async throws -> [Int32] {
    var request = OpenReviewRequest()
    request.reviewID = group.id.bytes
    request.granularity = SeriesContract.Granularity(run.granularity)
    request.customerIds = group.list.customers.map {
      WireUUID(high: $0.id.high, low: $0.id.low).bytes
    }
    request.firstBucket = group.changes.map(\.first)
    return try await detector.open(request)
  }

  private func close(
    _ group: Group, _ run: ScanRun, from: [Int32], batches: UInt32
  ) async throws {
    var request = CloseReviewRequest()
    request.reviewID = group.id.bytes
    request.granularity = SeriesContract.Granularity(run.granularity)
    request.throughBucket = group.through
    request.revision = group.revision
    request.notifyHistory = run.notifiesHistory
    request.batches = batches
    request.customers = group.list.customers.indices.map { place in
      var customer = ReviewedCustomer()
      let id = group.list.customers[place].id
      customer.customerID = WireUUID(high: id.high, low: id.low).bytes
      customer.fromBucket = from[place]
      customer.cause = group.changes[place].cause
      customer.detail = group.changes[place].detail
      return customer
    }
    _ = try await detector.closeReview(request, options: Self.options)
  }

  /// How long the classifier may take to hold a whole review against what it knows, in
  /// milliseconds.
  static let options = CallOptions(timeoutMilliseconds: 300_000)
}
