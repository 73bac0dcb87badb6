internal import Classification
internal import Detection
internal import Postgres
internal import SeriesModel
internal import WorkQueue

/// All that the classifier does with its database.
struct ClassifierStore: Sendable {
  let pool: PostgresPool
  let queue: WorkQueue
  let rules: MergeRules
  /// Microseconds since 1970.
  let now: @Sendable () -> Int64
  /// How many series one transaction of a review locks, unless a customer alone has more.
  let reviewPartSeries: Int

  init(
    pool: PostgresPool, rules: MergeRules = MergeRules(),
    reviewPartSeries: Int = ReviewTakeover.partSeries, now: @escaping @Sendable () -> Int64
  ) {
    self.pool = pool
    self.rules = rules
    self.reviewPartSeries = reviewPartSeries
    self.now = now
    queue = WorkQueue(pool: pool, schema: .classifier)
  }

  /// Brings the schema up to date.
  func migrate() async throws {
    try await Migrator.migrate(ClassifierSchema.migrations, on: pool)
  }

  /// Merges a batch in one transaction; a repeat changes nothing.
  ///
  /// - Throws: ``ClassifierError`` with `evidenceConflict` when a judgement that is known comes with
  ///   other evidence; nothing of the batch is stored then but the conflict, set aside.
  func classify(_ batch: JudgedBatch) async throws -> ClassifySummary {
    let moment = now()
    let outcome = try await pool.transaction { connection in
      try apply(batch, nowUnixMicroseconds: moment, on: connection)
    }
    switch outcome {
    case .done(let summary): return summary
    case .conflict(let conflicts):
      try await setAside(conflicts, of: batch, nowUnixMicroseconds: moment)
      let names = conflicts.prefix(3).map { batch.name($0.row) }.joined(separator: ", ")
      throw ClassifierError(
        .evidenceConflict, field: names,
        "bucket \(batch.findings.bucket) revision \(batch.findings.revision) came again with other"
          + " evidence for \(conflicts.count) series, such as \(names); set aside")
    }
  }

  private enum Outcome: Sendable {
    case done(ClassifySummary)
    case conflict([BatchMerge.Conflict])
  }

  private func apply(
    _ batch: JudgedBatch, nowUnixMicroseconds: Int64, on connection: isolated PostgresConnection
  ) throws -> Outcome {
    let keys = batch.order.map { batch.findings.series(ofRow: $0) }
    let cursors = try SeriesTable.lock(keys, on: connection)
    var merge = BatchMerge(
      batch, cursors: cursors, rules: rules, nowUnixMicroseconds: nowUnixMicroseconds)
    guard merge.conflicts.isEmpty else { return .conflict(merge.conflicts) }
    if merge.fresh.isEmpty { return .done(merge.summary) }
    let granularity = batch.findings.bucket.granularity
    merge.incidents = try IncidentTable.lock(merge.customers, granularity, on: connection)
    let platform = try PlatformMerge.run(
      batch.findings, rules: rules, holdBuckets: IncidentRules().holdBuckets,
      nowUnixMicroseconds: nowUnixMicroseconds, on: connection)
    merge.events = platform.events
    let span = rules.dismissal.buckets(granularity)
    merge.dismissed = try DismissalTable.load(
      merge.found, since: Int32(clamping: Int64(batch.bucket) - Int64(span)), on: connection)
    let known = try AnomalyTable.load(merge.wanted, on: connection)
    try merge.run(known)
    try SeriesTable.save(
      merge.changedCursors.map { (key: keys[$0], cursor: merge.cursors[$0]) }, on: connection)
    for moved in merge.movedCursors {
      try SeriesTable.move(moved.key, from: moved.from, to: moved.to, on: connection)
    }
    for place in merge.changedIncidents.sorted() {
      try IncidentTable.save(merge.incidents[place], granularity, on: connection)
    }
    for id in merge.whole {
      guard let record = merge.records[id] else { continue }
      try AnomalyTable.save(record, on: connection)
    }
    try DecisionTable.save(
      try batch.decisions(behind: merge.whole.compactMap { merge.records[$0] }, before: known),
      on: connection)
    try AnomalyTable.saveNumbers(merge.numbers.compactMap { merge.records[$0] }, on: connection)
    try ChangeTable.append(platform.changes + merge.changes, queue: queue, on: connection)
    return .done(merge.summary + platform.summary)
  }

  /// Keeps conflicts for people, in a transaction of their own because the batch is refused.
  private func setAside(
    _ conflicts: [BatchMerge.Conflict], of batch: JudgedBatch, nowUnixMicroseconds: Int64
  ) async throws {
    let keys = conflicts.map { batch.findings.series(ofRow: $0.row) }
    let count = conflicts.count
    _ = try await pool.query(
      """
      INSERT INTO evidence_conflict (customer_id, metric_id, bucket, revision, known_fingerprint,
        received_hash, seen_unix_us)
      SELECT * FROM unnest($1::uuid[], $2::int4[], $3::int4[], $4::int8[], $5::int8[], $6::int8[],
        $7::int8[])
      ON CONFLICT DO NOTHING
      """,
      [
        .uuidArray(keys.map(\.customer.postgres)), .int32Array(keys.map(\.metric.number)),
        .int32Array([Int32](repeating: batch.bucket, count: count)),
        .int64Array([Int64](repeating: Int64(batch.findings.revision), count: count)),
        .int64Array(conflicts.map { Int64(bitPattern: $0.knownFingerprint) }),
        .int64Array(
          conflicts.map { Int64(bitPattern: batch.findings.evidenceHash[$0.row]) }),
        .int64Array([Int64](repeating: nowUnixMicroseconds, count: count)),
      ])
  }
}
