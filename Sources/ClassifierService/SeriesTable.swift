internal import Classification
internal import Postgres
internal import SeriesModel

/// What is remembered of a series between two buckets.
struct SeriesCursor: Sendable, Hashable {
  var seen = SeenWindow()
  var down: AnomalyID?
  var up: AnomalyID?
  var neither: AnomalyID?
  /// Sides whose anomaly the next row must look at even without a finding.
  var followed: Set<Classification.Direction> = []
  /// Whether the row is in the table.
  var isStored = false

  subscript(direction: Classification.Direction) -> AnomalyID? {
    get {
      switch direction {
      case .down: down
      case .up: up
      case .neither: neither
      }
    }
    set {
      switch direction {
      case .down: down = newValue
      case .up: up = newValue
      case .neither: neither = newValue
      }
    }
  }
}

/// The table `series`: a row a series, written in bulk, whose locks keep replicas apart.
enum SeriesTable {
  /// Locks the series that are there, in the order of their keys; the others come back empty.
  static func lock(
    _ keys: [SeriesKey], on connection: isolated PostgresConnection
  ) throws -> [SeriesCursor] {
    try cursors(
      keys,
      """
      SELECT wanted.place, last_bucket, seen, down_id, up_id, followed, neither_id
      FROM unnest($1::uuid[], $2::int4[]) WITH ORDINALITY AS wanted(customer_id, metric_id, place)
        JOIN series USING (customer_id, metric_id)
      ORDER BY customer_id, metric_id
      FOR UPDATE OF series
      """, on: connection)
  }

  /// The same without locks, for those who look again before they write.
  static func load(
    _ keys: [SeriesKey], on connection: isolated PostgresConnection
  ) throws -> [SeriesCursor] {
    try cursors(
      keys,
      """
      SELECT wanted.place, last_bucket, seen, down_id, up_id, followed, neither_id
      FROM unnest($1::uuid[], $2::int4[]) WITH ORDINALITY AS wanted(customer_id, metric_id, place)
        JOIN series USING (customer_id, metric_id)
      """, on: connection)
  }

  private static func cursors(
    _ keys: [SeriesKey], _ statement: PostgresStatement,
    on connection: isolated PostgresConnection
  ) throws -> [SeriesCursor] {
    let rows = try connection.execute(
      statement,
      [.uuidArray(keys.map(\.customer.postgres)), .int32Array(keys.map(\.metric.number))])
    var cursors = [SeriesCursor](repeating: SeriesCursor(), count: keys.count)
    for row in rows {
      let bits = row.int64(5)
      let followed = Classification.Direction.allCases.filter { bits & $0.bit != 0 }
      cursors[row.int(0) - 1] = SeriesCursor(
        seen: SeenWindow(lastBucket: row.int32(1), bytes: row.bytes(2)),
        down: row.optionalUUID(3).map { AnomalyID($0) },
        up: row.optionalUUID(4).map { AnomalyID($0) },
        neither: row.optionalUUID(6).map { AnomalyID($0) }, followed: Set(followed),
        isStored: true)
    }
    return cursors
  }

  /// Writes cursors that were changed.
  ///
  /// - Throws: ``PostgresError`` with `serialization` when another replica has meanwhile made a
  ///   row that was not there; the transaction is run again then and finds it.
  static func save(
    _ cursors: [(key: SeriesKey, cursor: SeriesCursor)], on connection: isolated PostgresConnection
  ) throws {
    let known = cursors.filter(\.cursor.isStored)
    if !known.isEmpty { try connection.execute(updateStatement, parameters(known)) }
    let new = cursors.filter { !$0.cursor.isStored }
    if new.isEmpty { return }
    let inserted = try connection.execute(insertStatement, parameters(new))
    if inserted.affected < new.count {
      throw PostgresError(.serialization, detail: "another replica judges the same new series")
    }
  }

  /// Lets a series that was not judged point to another anomaly in the place of one.
  static func move(
    _ key: SeriesKey, from: AnomalyRecord, to: AnomalyID, on connection: isolated PostgresConnection
  ) throws {
    try connection.execute(
      """
      UPDATE series SET down_id = CASE WHEN down_id = $3 THEN $4 ELSE down_id END,
        up_id = CASE WHEN up_id = $3 THEN $4 ELSE up_id END
      WHERE customer_id = $1 AND metric_id = $2
      """,
      [
        .uuid(key.customer.postgres), .int32(key.metric.number), .uuid(from.id.postgres),
        .uuid(to.postgres),
      ])
  }

  private static let updateStatement: PostgresStatement = """
    UPDATE series SET last_bucket = new.last_bucket, seen = new.seen,
      down_id = nullif(new.down_id, '00000000-0000-0000-0000-000000000000'),
      up_id = nullif(new.up_id, '00000000-0000-0000-0000-000000000000'),
      neither_id = nullif(new.neither_id, '00000000-0000-0000-0000-000000000000'),
      followed = new.followed
    FROM unnest($1::uuid[], $2::int4[], $3::int4[], $4::bytea[], $5::uuid[], $6::uuid[],
        $7::uuid[], $8::int2[])
      AS new(customer_id, metric_id, last_bucket, seen, down_id, up_id, neither_id, followed)
    WHERE series.customer_id = new.customer_id AND series.metric_id = new.metric_id
    """

  private static let insertStatement: PostgresStatement = """
    INSERT INTO series
      (customer_id, metric_id, last_bucket, seen, down_id, up_id, neither_id, followed)
    SELECT customer_id, metric_id, last_bucket, seen,
      nullif(down_id, '00000000-0000-0000-0000-000000000000'),
      nullif(up_id, '00000000-0000-0000-0000-000000000000'),
      nullif(neither_id, '00000000-0000-0000-0000-000000000000'), followed
    FROM unnest($1::uuid[], $2::int4[], $3::int4[], $4::bytea[], $5::uuid[], $6::uuid[],
        $7::uuid[], $8::int2[])
      AS new(customer_id, metric_id, last_bucket, seen, down_id, up_id, neither_id, followed)
    ON CONFLICT DO NOTHING
    """

  private static func parameters(
    _ cursors: [(key: SeriesKey, cursor: SeriesCursor)]
  ) -> [PostgresValue] {
    let none = PostgresUUID(high: 0, low: 0)
    return [
      .uuidArray(cursors.map(\.key.customer.postgres)),
      .int32Array(cursors.map(\.key.metric.number)),
      .int32Array(cursors.map { $0.cursor.seen.lastBucket ?? .min }),
      .bytesArray(cursors.map(\.cursor.seen.bytes)),
      .uuidArray(cursors.map { $0.cursor.down?.postgres ?? none }),
      .uuidArray(cursors.map { $0.cursor.up?.postgres ?? none }),
      .uuidArray(cursors.map { $0.cursor.neither?.postgres ?? none }),
      .int16Array(
        cursors.map { each in
          each.cursor.followed.reduce(0) { $0 | Int16($1.bit) }
        }),
    ]
  }
}

extension Classification.Direction {
  /// Which bit of the column `followed` stands for the side.
  fileprivate var bit: Int64 { 1 << (Int64(rawValue) - 1) }
}
