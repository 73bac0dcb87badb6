internal import AnomalyContract
internal import Classification
internal import FindingsContract
internal import Postgres
internal import RPC
internal import SeriesContract
internal import SeriesModel
internal import WorkQueue

/// A change of an anomaly as it is written down and, when people are to hear of it, queued.
struct RecordedChange: Sendable, Hashable {
  var customer: CustomerID
  var change: Classification.AnomalyChange
  var isHeard: Bool
  /// The finding that set the severity, as the contract writes it; empty where it is that of
  /// another series than the anomaly's.
  var finding: [UInt8]

  /// What has happened to an anomaly that is as the record says now.
  init(
    _ record: AnomalyRecord, _ kind: Classification.AnomalyChangeKind, atUnixMicroseconds now: Int64
  ) {
    customer = record.customer.id
    change = Classification.AnomalyChange(
      kind: kind, anomaly: record.anomaly, changedUnixMicroseconds: now)
    isHeard = record.isHeard
    finding = record.reach.scope == .series ? record.evidence.finding : []
  }

  /// The change as the contract writes it, with the recent values where people are to see them.
  fileprivate func wireBytes() throws -> [UInt8] {
    var wire = AnomalyContract.AnomalyChange(change)
    if isHeard, !finding.isEmpty {
      let found = try FindingsContract.Finding(wireBytes: finding)
      wire.anomaly?.setTrend(observed: found.ringObserved, expected: found.ringExpected)
    }
    return try wire.wireBytes()
  }
}

/// The table `anomaly_revision` and the jobs that carry its rows to the notifier.
enum ChangeTable {
  /// The kind of the jobs.
  static let jobKind = "submit"

  /// Writes changes down and queues those that people are told of, in the caller's transaction.
  static func append(
    _ changes: [RecordedChange], queue: WorkQueue, on connection: isolated PostgresConnection
  ) throws {
    if changes.isEmpty { return }
    var encoded: [[UInt8]] = []
    encoded.reserveCapacity(changes.count)
    for each in changes {
      encoded.append(try each.wireBytes())
    }
    try connection.execute(
      """
      INSERT INTO anomaly_revision
        (customer_id, anomaly_id, revision, kind, change, changed_unix_us, heard)
      SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int4[], $4::int2[], $5::bytea[],
        $6::int8[], $7::bool[])
      ON CONFLICT DO NOTHING
      """,
      [
        .uuidArray(changes.map(\.customer.postgres)),
        .uuidArray(changes.map(\.change.anomaly.id.postgres)),
        .int32Array(changes.map { Int32($0.change.anomaly.revision) }),
        .int16Array(changes.map { Int16($0.change.kind.rawValue) }), .bytesArray(encoded),
        .int64Array(changes.map(\.change.changedUnixMicroseconds)),
        .boolArray(changes.map(\.isHeard)),
      ])
    try queue.enqueue(changes.filter(\.isHeard).map { $0.job }, on: connection)
  }

  /// The changes of an anomaly that the notifier has not taken over yet, up to a revision, in
  /// order.
  static func untold(
    _ reference: ChangeReference, on pool: PostgresPool
  ) async throws -> [(revision: Int32, change: [UInt8])] {
    try await pool.query(
      """
      SELECT revision, change FROM anomaly_revision
      WHERE customer_id = $1 AND anomaly_id = $2 AND revision <= $3 AND heard
        AND told_unix_us IS NULL
      ORDER BY revision
      """,
      [
        .uuid(reference.customer.postgres), .uuid(reference.anomaly.postgres),
        .int32(reference.revision),
      ]
    ).map { (revision: $0.int32(0), change: $0.bytes(1)) }
  }

  /// Notes that the notifier has taken over all changes up to a revision.
  static func markTold(
    _ reference: ChangeReference, atUnixMicroseconds now: Int64,
    on connection: isolated PostgresConnection
  ) throws {
    try connection.execute(
      """
      UPDATE anomaly_revision SET told_unix_us = $4
      WHERE customer_id = $1 AND anomaly_id = $2 AND revision <= $3 AND told_unix_us IS NULL
      """,
      [
        .uuid(reference.customer.postgres), .uuid(reference.anomaly.postgres),
        .int32(reference.revision), .int64(now),
      ])
  }
}

extension RecordedChange {
  /// The job that carries the change.
  fileprivate var job: NewJob {
    let reference = ChangeReference(
      customer: customer, anomaly: change.anomaly.id, revision: Int32(change.anomaly.revision))
    return NewJob(kind: ChangeTable.jobKind, key: reference.key, payload: reference.bytes)
  }
}

/// Which change a job carries: customer, anomaly and revision, in 36 bytes.
struct ChangeReference: Sendable, Hashable {
  var customer: CustomerID
  var anomaly: AnomalyID
  var revision: Int32

  init(customer: CustomerID, anomaly: AnomalyID, revision: Int32) {
    self.customer = customer
    self.anomaly = anomaly
    self.revision = revision
  }

  /// Reads what ``bytes`` wrote, or nil for anything else.
  init?(bytes: [UInt8]) {
    guard bytes.count == 36, let customer = WireUUID(bytes: Array(bytes[0..<16])),
      let anomaly = WireUUID(bytes: Array(bytes[16..<32]))
    else { return nil }
    self.init(
      customer: CustomerID(customer), anomaly: AnomalyID(anomaly),
      revision: bytes[32..<36].reduce(0) { $0 << 8 | Int32($1) })
  }

  var bytes: [UInt8] {
    customer.wireUUID.bytes + anomaly.wireUUID.bytes
      + withUnsafeBytes(of: revision.bigEndian) { Array($0) }
  }

  /// What the queue knows the job by.
  var key: String { "\(anomaly.wireUUID.text)/\(revision)" }
}
