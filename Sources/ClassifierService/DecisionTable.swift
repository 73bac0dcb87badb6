internal import Baselines
internal import Classification
internal import Detection
internal import EvidenceContract
internal import Explaining
internal import JSON
internal import Postgres
internal import RPC
internal import SeriesModel

/// A decision as it is kept: what was judged, and every test and condition.
struct StoredDecision: Sendable, Hashable {
  var customer: CustomerID
  var anomaly: AnomalyID
  var bucket: Int32
  var revision: UInt32
  var metric: MetricID
  var modelVersion: String
  var evidenceHash: UInt64
  /// As the contract writes them.
  var inputs: [UInt8]
  /// JSON, or empty.
  var record: String
}

extension JudgedBatch {
  /// The decisions that stand behind what the batch has changed: those of findings that became an
  /// anomaly's evidence.
  ///
  /// - Parameters:
  ///   - records: The anomalies that were written.
  ///   - known: As they were before.
  /// - Returns: One an anomaly, in the order of their identities.
  /// - Throws: ``WireError`` when inputs cannot be written.
  func decisions(
    behind records: [AnomalyRecord], before known: [AnomalyID: AnomalyRecord]
  ) throws -> [StoredDecision] {
    guard let inputs = findings.inputs else { return [] }
    var rows: [SeriesKey: Int] = [:]
    var rowsOfCustomer: [CustomerID: [Int]] = [:]
    for row in findingOfRow.keys.sorted() {
      let series = findings.series(ofRow: row)
      rows[series] = row
      rowsOfCustomer[series.customer, default: []].append(row)
    }
    var decisions: [AnomalyID: StoredDecision] = [:]
    for record in records where known[record.id]?.evidence.hash != record.evidence.hash {
      // A customer as a whole has the evidence of one of its series. Series that are the same in
      // every number have the same hash.
      let own = [rows[record.key]].compactMap { $0 } + (rowsOfCustomer[record.customer.id] ?? [])
      guard let row = own.first(where: { findings.evidenceHash[$0] == record.evidence.hash }),
        let place = inputs.row(of: findings.series(ofRow: row)),
        let needed = inputs.inputs(ofRows: [place])
      else { continue }
      decisions[record.id] = try decision(behind: record, row: row, needed)
    }
    return decisions.values.sorted { $0.anomaly < $1.anomaly }
  }

  private func decision(
    behind record: AnomalyRecord, row: Int, _ inputs: Baselines.EvidenceBatch
  ) throws -> StoredDecision {
    let series = findings.series(ofRow: row)
    var text = ""
    if let place = inputs.row(of: series) {
      let decided = decide(inputs, row: place)
      // Of a detector of another release only the inputs are kept.
      if decided.evidenceHash == findings.evidenceHash[row] {
        text = DecisionJSON.document(decided).encoded()
      }
    }
    return StoredDecision(
      customer: record.customer.id, anomaly: record.id, bucket: bucket,
      revision: findings.revision, metric: series.metric,
      modelVersion: findings.modelVersion, evidenceHash: findings.evidenceHash[row],
      inputs: try EvidenceContract.EvidenceBatch(inputs).wireBytes(), record: text)
  }
}

/// The table `decision`.
enum DecisionTable {
  /// Writes decisions, each over what was there of the same anomaly and bucket.
  static func save(
    _ decisions: [StoredDecision], on connection: isolated PostgresConnection
  ) throws {
    if decisions.isEmpty { return }
    try connection.execute(
      """
      INSERT INTO decision (customer_id, anomaly_id, bucket, revision, metric_id, model_version,
        evidence_hash, inputs, record)
      SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int4[], $4::int8[], $5::int4[], $6::text[],
        $7::int8[], $8::bytea[], $9::text[])
      ON CONFLICT (customer_id, anomaly_id, bucket) DO UPDATE SET revision = EXCLUDED.revision,
        metric_id = EXCLUDED.metric_id, model_version = EXCLUDED.model_version,
        evidence_hash = EXCLUDED.evidence_hash, inputs = EXCLUDED.inputs,
        record = EXCLUDED.record
      """,
      [
        .uuidArray(decisions.map(\.customer.postgres)),
        .uuidArray(decisions.map(\.anomaly.postgres)), .int32Array(decisions.map(\.bucket)),
        .int64Array(decisions.map { Int64($0.revision) }),
        .int32Array(decisions.map(\.metric.number)), .textArray(decisions.map(\.modelVersion)),
        .int64Array(decisions.map { Int64(bitPattern: $0.evidenceHash) }),
        .bytesArray(decisions.map(\.inputs)), .textArray(decisions.map(\.record)),
      ])
  }

  /// How many buckets are told of one anomaly.
  static let bucketsLimit = 1_000

  /// The decision of a bucket, or the last one; and the buckets of all that are kept, or the newest of
  /// them, oldest first.
  static func load(
    _ anomaly: AnomalyID, of customer: CustomerID, bucket: Int32?,
    on connection: isolated PostgresConnection
  ) throws -> (decision: StoredDecision?, buckets: [Int32]) {
    let buckets =
      try connection.execute(
        """
        SELECT bucket FROM decision WHERE customer_id = $1 AND anomaly_id = $2
        ORDER BY bucket DESC LIMIT $3
        """,
        [
          .uuid(customer.postgres), .uuid(anomaly.postgres), .int64(Int64(bucketsLimit)),
        ]
      ).map { $0.int32(0) }.reversed() as [Int32]
    guard let wanted = bucket ?? buckets.last else { return (nil, buckets) }
    let row = try connection.execute(
      """
      SELECT bucket, revision, metric_id, model_version, evidence_hash, inputs, record
      FROM decision WHERE customer_id = $1 AND anomaly_id = $2 AND bucket = $3
      """, [.uuid(customer.postgres), .uuid(anomaly.postgres), .int32(wanted)]
    ).first
    let decision = row.map { row in
      StoredDecision(
        customer: customer, anomaly: anomaly, bucket: row.int32(0),
        revision: UInt32(clamping: row.int64(1)), metric: MetricID(row.int32(2)),
        modelVersion: row.text(3), evidenceHash: UInt64(bitPattern: row.int64(4)),
        inputs: row.bytes(5), record: row.text(6))
    }
    return (decision, buckets)
  }
}
