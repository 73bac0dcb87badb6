import Baselines
import Postgres
import SeriesModel

/// The rows of cohorts by bucket, as a walk asks for them.
typealias CohortRowsByBucket = [Int32: [CohortRow]]

/// What each bucket did to the cohorts, at rest.
///
/// A row is written once, and anew only where the calendar has changed what it was made from; then
/// the models that were walked over it are rebuilt. So whoever walks over a bucket, at any time,
/// walks with the same rows.
struct CohortTable: Sendable {
  let pool: PostgresPool

  /// The last bucket that has rows, or nil.
  func lastBucket(_ granularity: Granularity) async throws -> Int32? {
    try await pool.query(
      "SELECT max(bucket) FROM cohort_row WHERE granularity = $1",
      [.int16(Int16(granularity.rawValue))]
    ).single.optionalInt64(0).map { Int32($0) }
  }

  /// The rows of some cohorts and of all, of those buckets that have any.
  func rows(
    _ granularity: Granularity, of cohorts: [String], from: Int32, through: Int32
  ) async throws -> CohortRowsByBucket {
    guard from <= through else { return [:] }
    var rows: CohortRowsByBucket = [:]
    let stored = try await pool.query(
      """
      SELECT bucket, cohort, shift, effect, outage_since, score, members, drifts, profile
      FROM cohort_row
      WHERE granularity = $1 AND bucket BETWEEN $2 AND $3 AND cohort = ANY ($4)
      ORDER BY bucket, cohort
      """,
      [
        .int16(Int16(granularity.rawValue)), .int32(from), .int32(through),
        .textArray(Set(cohorts).union([""]).sorted()),
      ])
    for row in stored { rows[row.int32(0), default: []].append(CohortRow(row: row)) }
    return rows
  }

  /// The first bucket whose rows were made anew after a change of the calendar, or nil.
  func firstAnew(_ granularity: Granularity, after sequence: Int64) async throws -> Int32? {
    try await pool.query(
      """
      SELECT min(bucket) FROM cohort_row WHERE granularity = $1 AND calendar_sequence > $2
        AND calendar_sequence > 0
      """, [.int16(Int16(granularity.rawValue)), .int64(sequence)]
    ).single.optionalInt64(0).map { Int32($0) }
  }

  /// The change of the calendar that the rows were made with.
  func calendarSequence(_ granularity: Granularity) async throws -> Int64 {
    try await pool.query(
      "SELECT max(calendar_sequence) FROM cohort_calendar WHERE granularity = $1",
      [.int16(Int16(granularity.rawValue))]
    ).single.optionalInt64(0) ?? 0
  }

  /// How often the rows from a bucket on were made.
  func revision(_ granularity: Granularity, from: Int32) async throws -> Int32 {
    try await pool.query(
      "SELECT max(revision) FROM cohort_row WHERE granularity = $1 AND bucket >= $2",
      [.int16(Int16(granularity.rawValue)), .int32(from)]
    ).single.optionalInt64(0).map { Int32($0) } ?? 0
  }

  /// What was begun to be made anew for a change of the calendar, or nil.
  func begun(
    _ granularity: Granularity, _ sequence: Int64, _ detail: String
  ) async throws -> Anew? {
    try await pool.query(
      """
      SELECT anew_first, anew_last, anew_revision FROM cohort_calendar
      WHERE granularity = $1 AND anew_sequence = $2
      """, [.int16(Int16(granularity.rawValue)), .int64(sequence)]
    ).first.map { row in
      Anew(
        first: row.int32(0), last: row.int32(1), revision: row.int32(2),
        calendarSequence: sequence, detail: detail)
    }
  }

  /// Writes down what is about to be made anew.
  func begin(_ anew: Anew, _ granularity: Granularity) async throws {
    _ = try await pool.query(
      """
      INSERT INTO cohort_calendar
        (granularity, calendar_sequence, anew_sequence, anew_first, anew_last, anew_revision)
      VALUES ($1, 0, $2, $3, $4, $5)
      ON CONFLICT (granularity) DO UPDATE SET anew_sequence = EXCLUDED.anew_sequence,
        anew_first = EXCLUDED.anew_first, anew_last = EXCLUDED.anew_last,
        anew_revision = EXCLUDED.anew_revision
      """,
      [
        .int16(Int16(granularity.rawValue)), .int64(anew.calendarSequence), .int32(anew.first),
        .int32(anew.last), .int32(anew.revision),
      ])
  }

  /// All rows of some buckets.
  func rows(
    _ granularity: Granularity, from: Int32, through: Int32
  ) async throws -> CohortRowsByBucket {
    let names = try await pool.query(
      "SELECT DISTINCT cohort FROM cohort_row WHERE granularity = $1 AND bucket BETWEEN $2 AND $3",
      [.int16(Int16(granularity.rawValue)), .int32(from), .int32(through)])
    return try await rows(
      granularity, of: names.map { $0.text(0) }, from: from, through: through)
  }

  /// Notes the calendar that the rows are made with from now on.
  static func note(
    calendar sequence: Int64, _ granularity: Granularity,
    on connection: isolated PostgresConnection
  ) throws {
    try connection.execute(
      """
      INSERT INTO cohort_calendar (granularity, calendar_sequence) VALUES ($1, $2)
      ON CONFLICT (granularity) DO UPDATE SET calendar_sequence = EXCLUDED.calendar_sequence,
        anew_sequence = NULL, anew_first = NULL, anew_last = NULL, anew_revision = NULL
      """, [.int16(Int16(granularity.rawValue)), .int64(sequence)])
  }

  /// Which change of the calendar makes rows anew, and for which time.
  struct Anew: Sendable, Hashable {
    /// The first bucket.
    var first: Int32
    /// The last one that had rows.
    var last: Int32
    /// How often they are made then.
    var revision: Int32
    var calendarSequence: Int64
    /// The names of what has changed.
    var detail: String
  }

  /// What is known of a cohort after the last bucket that has rows: its shift, drifts and shape,
  /// and nothing of what happened in that bucket alone.
  func lastKnown(
    _ granularity: Granularity, of cohort: String
  ) async throws -> (bucket: Int32, rows: [CohortRow])? {
    guard let last = try await lastBucket(granularity) else { return nil }
    let stored = try await rows(granularity, of: [cohort], from: last, through: last)
    let known = (stored[last] ?? []).map { row in
      CohortRow(
        cohort: row.cohort, shift: row.shift, members: row.members, drifts: row.drifts,
        profile: row.profile)
    }
    return (last, known)
  }

  /// All that the next rows depend on, from the rows that were made before.
  ///
  /// That is the last row of each cohort, for shapes and drifts go on; platform events that have
  /// not been over for long; and of all the last ordinary buckets, by which the usual is known.
  func history(_ granularity: Granularity, through last: Int32) async throws -> CohortHistory {
    let stored = try await pool.query(
      """
      SELECT bucket, cohort, shift, effect, outage_since, score, members, drifts, profile
      FROM cohort_row WHERE granularity = $1 AND bucket = $2
      UNION
      SELECT bucket, cohort, shift, effect, outage_since, score, members, drifts, profile
      FROM cohort_row
      WHERE granularity = $1 AND bucket > $2 - $3 AND bucket <= $2 AND outage_since IS NOT NULL
      UNION
      (SELECT bucket, cohort, shift, effect, outage_since, score, members, drifts, profile
        FROM cohort_row
        WHERE granularity = $1 AND bucket <= $2 AND cohort = '' AND outage_since IS NULL
          AND members > 0
        ORDER BY bucket DESC LIMIT $3)
      ORDER BY bucket, cohort
      """,
      [
        .int16(Int16(granularity.rawValue)), .int32(last), .int32(Int32(CohortHistory.reach)),
      ])
    var history = CohortHistory(granularity: granularity)
    for row in stored { history.take(CohortRow(row: row), bucket: row.int32(0)) }
    return history
  }

  /// Writes the rows of some buckets; those that are there already stay, unless they are made anew.
  static func store(
    _ buckets: [(bucket: Int32, rows: [CohortRow])], _ granularity: Granularity,
    anew: Anew? = nil, on connection: isolated PostgresConnection
  ) throws {
    let rows = buckets.flatMap { bucket, rows in rows.map { (bucket, $0) } }
    guard !rows.isEmpty else { return }
    if anew != nil {
      try connection.execute(
        "DELETE FROM cohort_row WHERE granularity = $1 AND bucket = ANY ($2)",
        [.int16(Int16(granularity.rawValue)), .int32Array(buckets.map(\.bucket))])
    }
    try connection.execute(
      """
      INSERT INTO cohort_row (granularity, bucket, cohort, shift, effect, outage_since, score,
        members, drifts, profile, model_version, revision, calendar_sequence)
      SELECT $1, bucket, cohort, shift, effect, NULLIF(outage, $2), score, members, drifts,
        profile, $3, $13, $14
      FROM unnest($4::int[], $5::text[], $6::float8[], $7::float8[], $8::int[], $9::float8[],
        $10::int[], $11::bytea[], $12::bytea[])
        AS new(bucket, cohort, shift, effect, outage, score, members, drifts, profile)
      ON CONFLICT (granularity, bucket, cohort) DO NOTHING
      """,
      [
        .int16(Int16(granularity.rawValue)), .int32(.min), .text(ModelParameters.version),
        .int32Array(rows.map(\.0)), .textArray(rows.map(\.1.cohort)),
        .doubleArray(rows.map(\.1.shift)), .doubleArray(rows.map(\.1.effect)),
        .int32Array(rows.map { $0.1.outageSince ?? .min }), .doubleArray(rows.map(\.1.score)),
        .int32Array(rows.map { Int32(clamping: $0.1.members) }),
        .bytesArray(rows.map { bytes($0.1.drifts.map(\.bitPattern)) }),
        .bytesArray(rows.map { bytes($0.1.profile.map(\.bitPattern)) }),
        .int32(anew?.revision ?? 1), .int64(anew?.calendarSequence ?? 0),
      ])
  }

  private static func bytes(_ words: [some FixedWidthInteger]) -> [UInt8] {
    words.flatMap { word in withUnsafeBytes(of: word.littleEndian) { Array($0) } }
  }
}

extension CohortRow {
  /// Reads the columns after the bucket.
  init(row: PostgresRow) {
    self.init(
      cohort: row.text(1), shift: row.double(2), effect: row.double(3),
      outageSince: row.optionalInt64(4).map { Int32($0) }, score: row.double(5),
      members: row.int(6),
      drifts: row.withBytes(7) { bytes in
        Self.words(bytes, UInt64.self).map { Double(bitPattern: $0) }
      },
      profile: row.withBytes(8) { bytes in
        Self.words(bytes, UInt32.self).map { Float(bitPattern: $0) }
      })
  }

  private static func words<Word: FixedWidthInteger>(
    _ bytes: UnsafeRawBufferPointer, _ type: Word.Type
  ) -> [Word] {
    let size = MemoryLayout<Word>.size
    return (0..<bytes.count / size).map { place in
      Word(littleEndian: bytes.loadUnaligned(fromByteOffset: place * size, as: Word.self))
    }
  }
}
