internal import Classification
internal import Postgres
internal import RPC
internal import SeriesContract
internal import SeriesModel

/// The table `anomaly`.
///
/// Whoever writes a row holds the lock of its series, taken in the order of the keys; the row in
/// ``RiskSignalTable`` is written with it.
enum AnomalyTable {
  /// The anomalies of these identities; those that are not there are left out.
  static func load(
    _ keys: [(customer: CustomerID, id: AnomalyID)], on connection: isolated PostgresConnection
  ) throws -> [AnomalyID: AnomalyRecord] {
    if keys.isEmpty { return [:] }
    let rows = try connection.execute(
      """
      SELECT anomaly.id, customer, metric, type, severity, state, acknowledged, start_bucket,
        end_bucket, last_bucket, last_revision, calm_buckets, observed_sum, expected_sum,
        counted_buckets, score, heard, anomaly.revision, detected_unix_us, resolved_unix_us,
        dismissed_unix_us, dismissed_by, dismiss_reason, possible_cause, finding, model_version,
        evidence_hash, scope, standing, leader_id, members, member_count, series_count
      FROM unnest($1::uuid[], $2::uuid[]) AS wanted(customer_id, id)
        JOIN anomaly USING (customer_id, id)
      """,
      [.uuidArray(keys.map(\.customer.postgres)), .uuidArray(keys.map(\.id.postgres))])
    var found: [AnomalyID: AnomalyRecord] = [:]
    found.reserveCapacity(rows.count)
    for row in rows {
      let record = try AnomalyRecord(row)
      found[record.id] = record
    }
    return found
  }

  /// Writes an anomaly whole, new or known.
  static func save(
    _ record: AnomalyRecord, on connection: isolated PostgresConnection
  ) throws {
    try connection.execute(saveStatement, try parameters(record))
    try RiskSignalTable.keep([record], on: connection)
  }

  private static let saveStatement: PostgresStatement = """
    INSERT INTO anomaly (customer_id, id, metric_id, metric_name, type, severity, intent, state,
      acknowledged, start_bucket, end_bucket, last_bucket, last_revision, calm_buckets,
      observed_sum, expected_sum, counted_buckets, score, baseline_value, actual_value,
      deviation_percent, started_unix_us, detected_unix_us, resolved_unix_us, dismissed_unix_us,
      dismissed_by, dismiss_reason, possible_cause, customer, metric, heard, revision, finding,
      model_version, evidence_hash, scope, standing, leader_id, members, member_count, series_count)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
      $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35,
      $36, $37, $38, $39, $40, $41)
    ON CONFLICT (customer_id, id) DO UPDATE SET
      metric_id = EXCLUDED.metric_id, metric_name = EXCLUDED.metric_name,
      start_bucket = EXCLUDED.start_bucket, started_unix_us = EXCLUDED.started_unix_us,
      scope = EXCLUDED.scope, standing = EXCLUDED.standing, leader_id = EXCLUDED.leader_id,
      members = EXCLUDED.members, member_count = EXCLUDED.member_count,
      series_count = EXCLUDED.series_count, type = EXCLUDED.type, severity = EXCLUDED.severity, intent = EXCLUDED.intent,
      state = EXCLUDED.state, acknowledged = EXCLUDED.acknowledged,
      end_bucket = EXCLUDED.end_bucket, last_bucket = EXCLUDED.last_bucket,
      last_revision = EXCLUDED.last_revision, calm_buckets = EXCLUDED.calm_buckets,
      observed_sum = EXCLUDED.observed_sum, expected_sum = EXCLUDED.expected_sum,
      counted_buckets = EXCLUDED.counted_buckets, score = EXCLUDED.score,
      baseline_value = EXCLUDED.baseline_value, actual_value = EXCLUDED.actual_value,
      deviation_percent = EXCLUDED.deviation_percent,
      resolved_unix_us = EXCLUDED.resolved_unix_us,
      dismissed_unix_us = EXCLUDED.dismissed_unix_us, dismissed_by = EXCLUDED.dismissed_by,
      dismiss_reason = EXCLUDED.dismiss_reason, possible_cause = EXCLUDED.possible_cause,
      customer = EXCLUDED.customer, metric = EXCLUDED.metric, heard = EXCLUDED.heard,
      revision = EXCLUDED.revision, finding = EXCLUDED.finding,
      model_version = EXCLUDED.model_version, evidence_hash = EXCLUDED.evidence_hash
    """

  private static func parameters(_ record: AnomalyRecord) throws -> [PostgresValue] {
    let episode = record.episode
    let anomaly = record.anomaly
    return [
      .uuid(record.customer.id.postgres), .uuid(record.id.postgres),
      .int32(record.metric.id.number), .text(record.metric.name),
      .int16(Int16(episode.type.rawValue)), .int16(Int16(episode.severity.rawValue)),
      .int16(Int16(record.intent.rawValue)), .int16(Int16(episode.state.rawValue)),
      .bool(episode.isAcknowledged), .int32(episode.startBucket), .int32(episode.endBucket),
      .int32(episode.lastBucket), .int64(Int64(episode.lastRevision)),
      .int32(episode.calmBuckets), .double(episode.observedSum), .double(episode.expectedSum),
      .int32(episode.countedBuckets), .double(episode.score), .double(anomaly.baselineValue),
      .double(anomaly.actualValue), anomaly.deviationPercent.map { .double($0) } ?? .null,
      .int64(record.startedUnixMicroseconds), .int64(record.detectedUnixMicroseconds),
      record.resolvedUnixMicroseconds.map { .int64($0) } ?? .null,
      record.dismissal.map { .int64($0.atUnixMicroseconds) } ?? .null,
      record.dismissal.map { .uuid(high: $0.by.high, low: $0.by.low) } ?? .null,
      .text(record.dismissal?.reason ?? ""), .text(record.possibleCause),
      .bytes(try SeriesContract.Customer(record.customer).wireBytes()),
      .bytes(try SeriesContract.Metric(record.metric).wireBytes()), .bool(record.isHeard),
      .int32(Int32(record.revision)), .bytes(record.evidence.finding),
      .text(record.evidence.modelVersion), .int64(Int64(bitPattern: record.evidence.hash)),
      .int16(record.reach.scope.stored), .int16(Int16(episode.standing.rawValue)),
      record.reach.leader.map { .uuid($0.postgres) } ?? .null,
      .textArray(record.reach.members), .int32(Int32(clamping: record.reach.memberCount)),
      .int32(Int32(clamping: record.reach.seriesCount)),
    ]
  }

  /// Writes what a bucket adds to anomalies that nobody needs to hear of: their numbers.
  static func saveNumbers(
    _ records: [AnomalyRecord], on connection: isolated PostgresConnection
  ) throws {
    if records.isEmpty { return }
    let episodes = records.map(\.episode)
    let anomalies = records.map(\.anomaly)
    try connection.execute(
      """
      UPDATE anomaly SET state = new.state, end_bucket = new.end_bucket,
        last_bucket = new.last_bucket, last_revision = new.last_revision,
        calm_buckets = new.calm_buckets, observed_sum = new.observed_sum,
        expected_sum = new.expected_sum, counted_buckets = new.counted_buckets,
        score = new.score, baseline_value = new.baseline_value, actual_value = new.actual_value,
        deviation_percent = nullif(new.deviation_percent, 'NaN')
      FROM unnest($1::uuid[], $2::uuid[], $3::int2[], $4::int4[], $5::int4[], $6::int8[],
          $7::int4[], $8::float8[], $9::float8[], $10::int4[], $11::float8[], $12::float8[],
          $13::float8[], $14::float8[])
        AS new(customer_id, id, state, end_bucket, last_bucket, last_revision, calm_buckets,
          observed_sum, expected_sum, counted_buckets, score, baseline_value, actual_value,
          deviation_percent)
      WHERE anomaly.customer_id = new.customer_id AND anomaly.id = new.id
      """,
      [
        .uuidArray(records.map(\.customer.id.postgres)), .uuidArray(records.map(\.id.postgres)),
        .int16Array(episodes.map { Int16($0.state.rawValue) }),
        .int32Array(episodes.map(\.endBucket)), .int32Array(episodes.map(\.lastBucket)),
        .int64Array(episodes.map { Int64($0.lastRevision) }),
        .int32Array(episodes.map(\.calmBuckets)), .doubleArray(episodes.map(\.observedSum)),
        .doubleArray(episodes.map(\.expectedSum)), .int32Array(episodes.map(\.countedBuckets)),
        .doubleArray(episodes.map(\.score)), .doubleArray(anomalies.map(\.baselineValue)),
        .doubleArray(anomalies.map(\.actualValue)),
        .doubleArray(anomalies.map { $0.deviationPercent ?? .nan }),
      ])
    try RiskSignalTable.keep(records, on: connection)
  }
}

extension AnomalyRecord {
  /// The first moment of its first bucket, by UTC's calendar.
  var startedUnixMicroseconds: Int64 {
    Bucket(metric.granularity, episode.startBucket).startUnixSecond * 1_000_000
  }

  /// Reads a row of ``AnomalyTable/load(_:on:)``.
  fileprivate init(_ row: PostgresRow) throws {
    let customer = try SeriesContract.Customer(wireBytes: row.bytes(1))
    let metric = try SeriesContract.Metric(wireBytes: row.bytes(2))
    let type: Classification.AnomalyType = try Self.word(row, 3)
    let owner = try SeriesModel.Customer(customer, field: "anomaly.customer")
    self.init(
      id: AnomalyID(row.uuid(0)), customer: owner,
      metric: try SeriesModel.Metric(metric, field: "anomaly.metric"),
      episode: Episode(
        direction: type.direction, type: type, severity: try Self.word(row, 4),
        state: try Self.word(row, 5), isAcknowledged: row.bool(6), startBucket: row.int32(7),
        endBucket: row.int32(8), lastBucket: row.int32(9),
        lastRevision: UInt32(clamping: row.int64(10)), calmBuckets: row.int32(11),
        observedSum: row.double(12), expectedSum: row.double(13), countedBuckets: row.int32(14),
        score: row.double(15), standing: try Self.word(row, 28)),
      isHeard: row.bool(16), revision: UInt32(clamping: row.int64(17)),
      detectedUnixMicroseconds: row.int64(18), resolvedUnixMicroseconds: row.optionalInt64(19),
      dismissal: Self.dismissal(row), possibleCause: row.text(23),
      evidence: StoredEvidence(
        finding: row.bytes(24), modelVersion: row.text(25),
        hash: UInt64(bitPattern: row.int64(26))),
      reach: Reach(
        scope: try Self.scope(row.int64(27), of: owner),
        leader: row.optionalUUID(29).map { AnomalyID($0) }, members: row.textArray(30),
        memberCount: row.int(31), seriesCount: row.int(32)))
  }

  /// A cohort's name stands where its members have that of theirs.
  private static func scope(_ stored: Int64, of owner: SeriesModel.Customer) throws -> AnomalyScope
  {
    switch stored {
    case 1: return .series
    case 2: return .customer
    case 3: return .cohort(owner.segment)
    default: throw PostgresError(.value, detail: "an anomaly holds a word of a newer release")
    }
  }

  private static func dismissal(_ row: PostgresRow) -> Dismissal? {
    guard let at = row.optionalInt64(20), let by = row.optionalUUID(21) else { return nil }
    return Dismissal(
      atUnixMicroseconds: at, by: ActorID(high: by.high, low: by.low), reason: row.text(22))
  }

  private static func word<Word: RawRepresentable>(
    _ row: PostgresRow, _ column: Int
  ) throws -> Word where Word.RawValue == UInt8 {
    guard let word = UInt8(exactly: row.int64(column)).flatMap({ Word(rawValue: $0) }) else {
      throw PostgresError(.value, detail: "an anomaly holds a word of a newer release")
    }
    return word
  }
}

extension AnomalyScope {
  /// The number in the column.
  fileprivate var stored: Int16 {
    switch self {
    case .series: 1
    case .customer: 2
    case .cohort: 3
    }
  }
}
