import Locking
import Postgres
import RPC
import SeriesModel
import WorkQueue

/// The calendar at rest: what it says, and what it said at any earlier change.
struct CalendarTable: Sendable {
  /// The most entries at one time: each range of a run reads all of them.
  static let entriesLimit = 50_000

  let pool: PostgresPool
  private let queue: WorkQueue
  private let known = Locked<(sequence: Int64, calendar: BusinessCalendar)?>(nil)

  init(pool: PostgresPool, queue: WorkQueue) {
    self.pool = pool
    self.queue = queue
  }

  /// What a change came to.
  struct Change: Sendable {
    var created: Int64 = 0
    var changed: Int64 = 0
    var removed: Int64 = 0
    var sequence: Int64
  }

  /// Puts entries; those that say what is known already are left alone.
  ///
  /// - Throws: RESOURCE_EXHAUSTED when the calendar would be too large; then nothing is put.
  func put(_ entries: [CalendarEntry]) async throws -> Change {
    let columns = Self.columns(entries)
    return try await pool.transaction { connection in
      var change = Change(sequence: try Self.lock(on: connection))
      let next = change.sequence + 1
      change.changed = Int64(
        try connection.execute(Self.endStatement, columns + [.int64(next)]).affected)
      change.created =
        Int64(try connection.execute(Self.beginStatement, columns + [.int64(next)]).affected)
        - change.changed
      if change.created + change.changed > 0 {
        change.sequence = next
        try store(next, on: connection)
      }
      if change.created > 0 {
        let count = try connection.execute(
          "SELECT count(*) FROM calendar_entry WHERE until_sequence IS NULL"
        ).single.int64(0)
        guard count <= Self.entriesLimit else {
          throw RPCError(
            .resourceExhausted, field: "entries", reason: "too_many",
            "the calendar may hold \(Self.entriesLimit) entries and would have \(count)")
        }
      }
      return change
    }
  }

  /// Removes entries by their ids; unknown ones are passed over.
  func remove(_ ids: [String]) async throws -> Change {
    try await pool.transaction { connection in
      var change = Change(sequence: try Self.lock(on: connection))
      let next = change.sequence + 1
      change.removed = Int64(
        try connection.execute(
          """
          UPDATE calendar_entry SET until_sequence = $2
          WHERE entry_id = ANY($1::text[]) AND until_sequence IS NULL
          """, [.textArray(ids), .int64(next)]
        ).affected)
      if change.removed > 0 {
        change.sequence = next
        try store(next, on: connection)
      }
      return change
    }
  }

  /// Makes all others who change the calendar wait, so that the order of numbers is that of commits.
  private static func lock(on connection: isolated PostgresConnection) throws -> Int64 {
    try connection.execute("SELECT value FROM calendar_sequence FOR UPDATE").single.int64(0)
  }

  /// Stores the number of the change; what it says of the past is looked at once it is committed.
  private func store(
    _ sequence: Int64, on connection: isolated PostgresConnection
  ) throws {
    try connection.execute("UPDATE calendar_sequence SET value = $1", [.int64(sequence)])
    try queue.enqueue(Granularity.allCases.map(ScanRunTable.recheck), on: connection)
  }

  /// What was put, changed or removed between two changes of the calendar.
  func change(after old: Int64, through new: Int64) async throws -> CalendarChange {
    let rows = try await pool.query(
      """
      SELECT entry_id, sequence, kind, name, scope, scope_value, metric, first_day, last_day,
        start_second, end_second, expected_ratio, tolerance
      FROM calendar_entry
      WHERE sequence > $1 AND sequence <= $2 OR until_sequence > $1 AND until_sequence <= $2
      ORDER BY entry_id, sequence
      """, [.int64(old), .int64(new)])
    return CalendarChange(
      old: try await calendar(asOf: old), new: try await calendar(asOf: new),
      entries: rows.compactMap { CalendarEntry(row: $0) })
  }

  /// The calendar as it was after a change.
  ///
  /// The last one asked for is kept: all ranges of a run ask for the same.
  func calendar(asOf sequence: Int64) async throws -> BusinessCalendar {
    if let kept = known.withLock({ $0 }), kept.sequence == sequence { return kept.calendar }
    let rows = try await pool.query(
      """
      SELECT entry_id, sequence, kind, name, scope, scope_value, metric, first_day, last_day,
        start_second, end_second, expected_ratio, tolerance
      FROM calendar_entry
      WHERE sequence <= $1 AND (until_sequence IS NULL OR until_sequence > $1)
      """, [.int64(sequence)])
    let calendar = BusinessCalendar(rows.lazy.compactMap { CalendarEntry(row: $0) })
    known.withLock { $0 = (sequence, calendar) }
    return calendar
  }

  /// The calendar as it is now.
  func newest() async throws -> BusinessCalendar {
    try await calendar(
      asOf: try await pool.query("SELECT value FROM calendar_sequence").single.int64(0))
  }

  /// Where a list goes on: after this day and id.
  struct Place: Sendable {
    var day: Int32
    var id: String
  }

  /// What a list is of.
  struct Filter: Sendable {
    var days: ClosedRange<Int32>
    var scope: CalendarScope?
    var after: Place?
  }

  /// Entries as they are now, by first day and id, each with the number of its last change.
  func list(
    _ filter: Filter, limit: Int
  ) async throws -> [(entry: CalendarEntry, sequence: Int64)] {
    let scope = filter.scope?.columns
    return try await pool.query(
      """
      SELECT entry_id, sequence, kind, name, scope, scope_value, metric, first_day, last_day,
        start_second, end_second, expected_ratio, tolerance
      FROM calendar_entry
      WHERE until_sequence IS NULL AND first_day <= $1 AND last_day >= $2
        AND ($3::smallint IS NULL OR (scope, scope_value) = ($3, $4))
        AND ($5::int IS NULL OR (first_day, entry_id) > ($5, $6))
      ORDER BY first_day, entry_id LIMIT $7
      """,
      [
        .int32(filter.days.upperBound), .int32(filter.days.lowerBound),
        scope.map { .int16($0.scope) } ?? .null, .optionalText(scope?.value),
        filter.after.map { .int32($0.day) } ?? .null, .optionalText(filter.after?.id),
        .int64(Int64(limit)),
      ]
    ).compactMap { row in CalendarEntry(row: row).map { ($0, row.int64(1)) } }
  }
}
