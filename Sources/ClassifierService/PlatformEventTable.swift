internal import Classification
internal import Postgres
internal import SeriesModel

/// The table `platform_event`, whose key lets exactly one of many batches open an event.
enum PlatformEventTable {
  /// A stored event without its anomaly.
  struct Key: Sendable, Hashable {
    var cohort: String
    var since: Int32
    var anomaly: AnomalyID
  }

  /// Events that last, that ended not long before a bucket, or that begin in these buckets.
  static func load(
    _ bucket: Bucket, recent: Int32, since: [Int32], on connection: isolated PostgresConnection
  ) throws -> [Key] {
    try connection.execute(
      """
      SELECT cohort, since, anomaly_id FROM platform_event
      WHERE granularity = $1 AND (is_active OR last_bucket >= $2 OR since = ANY ($3))
      ORDER BY cohort, since
      """,
      [
        .int16(Int16(bucket.granularity.rawValue)),
        .int32(Int32(clamping: Int64(bucket.index) - Int64(recent))), .int32Array(since),
      ]
    ).map { Key(cohort: $0.text(0), since: $0.int32(1), anomaly: AnomalyID($0.uuid(2))) }
  }

  /// All events of a granularity, in the order of their keys.
  static func all(
    _ granularity: Granularity, on connection: isolated PostgresConnection
  ) throws -> [Key] {
    try connection.execute(
      """
      SELECT cohort, since, anomaly_id FROM platform_event WHERE granularity = $1
      ORDER BY cohort, since
      """, [.int16(Int16(granularity.rawValue))]
    ).map { Key(cohort: $0.text(0), since: $0.int32(1), anomaly: AnomalyID($0.uuid(2))) }
  }

  /// All events of a granularity, locked in the order of their keys.
  ///
  /// All who judge a bucket in which an event goes on wait for the lock, so it is not for those who
  /// only want to know.
  static func lockAll(
    _ granularity: Granularity, on connection: isolated PostgresConnection
  ) throws -> [Key] {
    try connection.execute(
      """
      SELECT cohort, since, anomaly_id FROM platform_event WHERE granularity = $1
      ORDER BY cohort, since
      FOR UPDATE
      """, [.int16(Int16(granularity.rawValue))]
    ).map { Key(cohort: $0.text(0), since: $0.int32(1), anomaly: AnomalyID($0.uuid(2))) }
  }

  /// Forgets an event that nothing bears any more; its anomaly stays.
  static func remove(
    _ key: Key, _ granularity: Granularity, on connection: isolated PostgresConnection
  ) throws {
    try connection.execute(
      "DELETE FROM platform_event WHERE granularity = $1 AND cohort = $2 AND since = $3",
      [.int16(Int16(granularity.rawValue)), .text(key.cohort), .int32(key.since)])
  }

  /// Writes what is to be done about an event; false when another batch has done it before.
  ///
  /// The row is changed only from what it was when it was read, or by a later bucket, so that
  /// batches side by side do each thing once.
  static func claim(
    _ event: PlatformEvent, was known: PlatformEvent?, _ granularity: Granularity,
    anomaly: AnomalyID, on connection: isolated PostgresConnection
  ) throws -> Bool {
    let key: [PostgresValue] = [
      .int16(Int16(granularity.rawValue)), .text(event.cohort), .int32(event.since),
    ]
    let isActive = event.episode.state.isActive
    guard let known else {
      return try connection.execute(
        """
        INSERT INTO platform_event (granularity, cohort, since, anomaly_id, last_bucket, is_active)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
        """,
        key + [.uuid(anomaly.postgres), .int32(event.episode.endBucket), .bool(isActive)]
      ).affected == 1
    }
    return try connection.execute(
      """
      UPDATE platform_event SET last_bucket = $4, is_active = $5
      WHERE granularity = $1 AND cohort = $2 AND since = $3 AND last_bucket = $6
        AND is_active = $7
      """,
      key + [
        .int32(event.episode.endBucket), .bool(isActive), .int32(known.episode.endBucket),
        .bool(known.episode.state.isActive),
      ]
    ).affected == 1
  }

  /// Locks the event of an anomaly and notes whether it lasts.
  static func setActive(
    _ isActive: Bool, of anomaly: AnomalyID, on connection: isolated PostgresConnection
  ) throws {
    try connection.execute(
      "UPDATE platform_event SET is_active = $2 WHERE anomaly_id = $1",
      [.uuid(anomaly.postgres), .bool(isActive)])
  }

  /// Takes the lock of the event of an anomaly.
  static func lock(
    _ anomaly: AnomalyID, on connection: isolated PostgresConnection
  ) throws {
    try connection.execute(
      "SELECT since FROM platform_event WHERE anomaly_id = $1 FOR UPDATE",
      [.uuid(anomaly.postgres)])
  }
}
