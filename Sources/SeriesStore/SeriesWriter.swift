public import Postgres
public import SeriesModel

/// What a write did.
public struct WriteOutcome: Sendable, Hashable {
  /// Buckets whose value is another now.
  public var changed: Int64 = 0

  /// Of these, how many lie in closed buckets.
  public var corrections: Int64 = 0

  /// The number of the last correction or closing, this write included.
  public var sequence: Int64 = 0

  /// Nothing done, as of a sequence.
  public init(sequence: Int64 = 0) { self.sequence = sequence }
}

/// Why points could not be written.
public struct SeriesStoreError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds of failure.
  public enum Code: String, Sendable {
    /// Adding this row to what is stored goes beyond what adds up exactly.
    case sumOutOfRange
    /// A stored chunk has a length that its granularity does not have.
    case malformedChunk
  }

  /// The kind of failure, for the caller to switch on.
  public let code: Code

  /// The row's number with the sender, where a row is at fault.
  public let row: UInt32?

  /// Makes an error.
  public init(_ code: Code, row: UInt32? = nil) {
    self.code = code
    self.row = row
  }

  /// One line, safe to log.
  public var description: String {
    "series store: \(code.rawValue)" + (row.map { " at row \($0)" } ?? "")
  }
}

/// Writes points inside the caller's transaction.
public enum SeriesWriter {
  /// From so many chunks on a temporary table is faster than arrays.
  static let stageFromStands = 5_000

  /// The most chunks that one statement reads and writes when values are merged in memory.
  static let mergeChunksLimit = 10_000

  /// Stores the points of a plan.
  ///
  /// Bars the closing of buckets until the transaction ends, so that what is written counts either
  /// as a point or as a correction.
  ///
  /// - Throws: `PostgresError`, or ``SeriesStoreError`` when a sum grows too large.
  public static func write(
    _ plan: PointPlan, on connection: isolated PostgresConnection
  ) throws -> WriteOutcome {
    try connection.execute("SELECT pg_advisory_xact_lock_shared(1952409963, 1)")
    let closed = try closedThrough(on: connection)
    var outcome = WriteOutcome()
    if plan.isAppend, !plan.touches(closed) {
      for layer in plan.layers {
        let (changed, left) = try OverlayWriter(plan, layer).write(on: connection)
        outcome.changed += changed
        if left.isEmpty { continue }
        var merger = ChunkMerger(plan.part(left), closed: closed)
        outcome.changed += try merger.write(on: connection).changed
      }
    } else {
      var merger = ChunkMerger(plan, closed: closed)
      outcome = try merger.write(on: connection)
    }
    if outcome.sequence == 0 { outcome.sequence = try lastSequence(on: connection) }
    return outcome
  }

  /// Enters a batch of increments into the ledger; false when it has been counted before.
  ///
  /// - Throws: `PostgresError`.
  public static func enter(
    source: String, sequence: UInt64, accepted: Int64, nowUnixMicroseconds: Int64,
    on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Bool {
    try connection.execute(
      """
      INSERT INTO ledger (source, sequence, accepted, counted_at)
      VALUES ($1, $2::text::numeric, $3, $4) ON CONFLICT DO NOTHING
      """,
      [
        .text(source), .text(String(sequence)), .int64(accepted),
        .timestamp(unixMicroseconds: nowUnixMicroseconds),
      ]
    ).affected == 1
  }

  /// The last closed bucket of each granularity that has any.
  ///
  /// - Throws: `PostgresError`.
  public static func closedThrough(
    on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [Granularity: Int32] {
    var closed: [Granularity: Int32] = [:]
    for row in try connection.execute("SELECT granularity, through_bucket FROM closed_bucket") {
      guard let granularity = Granularity(rawValue: UInt8(row.int(0))) else { continue }
      closed[granularity] = row.int32(1)
    }
    return closed
  }

  /// The number of the last correction or closing.
  ///
  /// - Throws: `PostgresError`.
  public static func lastSequence(
    on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Int64 {
    try connection.execute("SELECT value FROM ingest_sequence").single.int64(0)
  }

  /// Takes the next number; others who want one wait until this transaction ends, so that the
  /// order of numbers is the order of commits.
  ///
  /// - Throws: `PostgresError`.
  public static func nextSequence(
    on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Int64 {
    try connection.execute("UPDATE ingest_sequence SET value = value + 1 RETURNING value")
      .single.int64(0)
  }

  /// Bars all writes of points until the transaction ends, to close buckets.
  ///
  /// - Throws: `PostgresError`.
  public static func barWrites(
    on connection: isolated PostgresConnection
  ) throws(PostgresError) {
    try connection.execute("SELECT pg_advisory_xact_lock(1952409963, 1)")
  }
}

extension PointPlan {
  /// Whether a value lies in a closed bucket.
  func touches(_ closed: [Granularity: Int32]) -> Bool {
    if closed.isEmpty { return false }
    return groups.contains { group in
      guard let through = closed[group.granularity] else { return false }
      return group.chunkStart + Int32(cells[group.firstCell].slot) <= through
    }
  }
}
