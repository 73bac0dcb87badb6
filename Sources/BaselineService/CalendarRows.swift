import Postgres
import SeriesModel

extension CalendarTable {
  /// The columns of entries, as the statements below take them.
  static func columns(_ entries: [CalendarEntry]) -> [PostgresValue] {
    let scopes = entries.map(\.scope.columns)
    let days = entries.map(\.span.days)
    let seconds = entries.map { entry -> Range<Int64> in
      switch entry.span {
      case .days: 0..<0
      case .instants(let seconds): seconds
      }
    }
    return [
      .textArray(entries.map(\.id)), .int16Array(entries.map { Int16($0.kind.rawValue) }),
      .textArray(entries.map(\.name)), .int16Array(scopes.map(\.scope)),
      .textArray(scopes.map(\.value)), .textArray(entries.map(\.metric)),
      .int32Array(days.map { Int32($0.lowerBound.dayIndex) }),
      .int32Array(days.map { Int32($0.upperBound.dayIndex) }),
      .int64Array(seconds.map(\.lowerBound)), .int64Array(seconds.map(\.upperBound)),
      .doubleArray(entries.map { $0.change?.ratio ?? 0 }),
      .doubleArray(entries.map { $0.change?.tolerance ?? 0 }),
    ]
  }

  /// Ends what is said of entries that say something else now.
  static let endStatement: PostgresStatement = """
    UPDATE calendar_entry AS known SET until_sequence = $13
    FROM unnest($1::text[], $2::smallint[], $3::text[], $4::smallint[], $5::text[], $6::text[],
      $7::int[], $8::int[], $9::bigint[], $10::bigint[], $11::float8[], $12::float8[])
      AS put(entry_id, kind, name, scope, scope_value, metric, first_day, last_day, start_second,
        end_second, expected_ratio, tolerance)
    WHERE known.entry_id = put.entry_id AND known.until_sequence IS NULL
      AND (known.kind, known.name, known.scope, known.scope_value, known.metric, known.first_day,
        known.last_day, known.start_second, known.end_second, known.expected_ratio,
        known.tolerance)
      IS DISTINCT FROM (put.kind, put.name, put.scope, put.scope_value, put.metric, put.first_day,
        put.last_day, put.start_second, put.end_second, put.expected_ratio, put.tolerance)
    """

  /// Begins what is said of entries of which nothing is.
  static let beginStatement: PostgresStatement = """
    INSERT INTO calendar_entry (entry_id, sequence, kind, name, scope, scope_value, metric,
      first_day, last_day, start_second, end_second, expected_ratio, tolerance)
    SELECT entry_id, $13, kind, name, scope, scope_value, metric, first_day, last_day,
      start_second, end_second, expected_ratio, tolerance
    FROM unnest($1::text[], $2::smallint[], $3::text[], $4::smallint[], $5::text[], $6::text[],
      $7::int[], $8::int[], $9::bigint[], $10::bigint[], $11::float8[], $12::float8[])
      AS put(entry_id, kind, name, scope, scope_value, metric, first_day, last_day, start_second,
        end_second, expected_ratio, tolerance)
    WHERE NOT EXISTS (
      SELECT FROM calendar_entry AS known
      WHERE known.entry_id = put.entry_id AND known.until_sequence IS NULL)
    """
}

extension CalendarScope {
  /// The scope as it is stored.
  var columns: (scope: Int16, value: String) {
    switch self {
    case .organisation: (1, "")
    case .region(let name): (2, name)
    case .segment(let name): (3, name)
    case .customer(let id): (4, id)
    }
  }

  /// The scope that ``columns`` wrote.
  fileprivate init?(_ scope: Int64, _ value: String) {
    switch scope {
    case 1: self = .organisation
    case 2: self = .region(value)
    case 3: self = .segment(value)
    case 4: self = .customer(value)
    default: return nil
    }
  }
}

extension CalendarEntry {
  /// Reads the columns after `sequence` in the order of the table; nil for words of a later version.
  init?(row: PostgresRow) {
    guard let kind = CalendarKind(rawValue: UInt8(clamping: row.int64(2))),
      let scope = CalendarScope(row.int64(4), row.text(5))
    else { return nil }
    let isOfDays = row.int64(10) == 0
    self.init(
      id: row.text(0), kind: kind, name: row.text(3), scope: scope, metric: row.text(6),
      span: isOfDays
        ? .days(CivilDate(dayIndex: row.int(7))...CivilDate(dayIndex: row.int(8)))
        : .instants(row.int64(9)..<row.int64(10)),
      change: row.double(11) == 0
        ? nil : ExpectedChange(ratio: row.double(11), tolerance: row.double(12)))
  }
}
