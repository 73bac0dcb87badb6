public import RPC
internal import SeriesContract
public import SeriesModel

extension SeriesModel.CalendarEntry {
  /// The longest span of an entry, in days.
  public static let daysLimit = 3_660

  /// The first second that no longer lies in the year 9999.
  private static let secondsLimit: Int64 = 253_402_300_800

  /// Reads an entry of the calendar.
  ///
  /// - Parameters:
  ///   - wire: The message.
  ///   - field: What errors call it, such as `entries[3]`.
  /// - Throws: INVALID_ARGUMENT that names the field.
  public init(_ wire: EvidenceContract.CalendarEntry, field: String) throws(RPCError) {
    try Self.present(wire.id, "\(field).id")
    try WireLimits.text(wire.name, bytes: 200, "\(field).name")
    try WireLimits.text(wire.metric, bytes: 4_096, "\(field).metric")
    guard let raw = UInt8(exactly: wire.kind.rawValue),
      let kind = SeriesModel.CalendarKind(rawValue: raw)
    else {
      throw WireLimits.unknownEnum(wire.kind.rawValue, "\(field).kind")
    }
    guard let scope = try SeriesModel.CalendarScope(wire.scope, wire.scopeValue, field: field)
    else {
      throw WireLimits.unknownEnum(0, "\(field).scope")
    }
    self.init(
      id: wire.id, kind: kind, name: wire.name, scope: scope, metric: wire.metric,
      span: try Self.span(wire, field), change: try Self.change(wire, field))
  }

  /// Refuses text that is missing, or longer than 200 bytes.
  fileprivate static func present(_ text: String, _ field: String) throws(RPCError) {
    guard !text.isEmpty else {
      throw RPCError(.invalidArgument, field: field, reason: "missing", "\(field) is missing")
    }
    try WireLimits.text(text, bytes: 200, field)
  }

  private static func span(
    _ wire: EvidenceContract.CalendarEntry, _ field: String
  ) throws(RPCError) -> CalendarSpan {
    guard wire.startUnixS != 0 || wire.endUnixS != 0 else {
      return .days(try days(wire, field))
    }
    guard wire.firstDate.isEmpty, wire.lastDate.isEmpty else {
      throw RPCError(
        .invalidArgument, field: "\(field).start_unix_s", reason: "two_spans",
        "\(field) has dates and instants; only one of them says when it is")
    }
    guard wire.startUnixS >= 0, wire.endUnixS > wire.startUnixS, wire.endUnixS <= secondsLimit
    else {
      throw RPCError(
        .invalidArgument, field: "\(field).end_unix_s", reason: "out_of_range",
        "\(field).end_unix_s must come after start_unix_s, and both lie within 1970 to 9999")
    }
    try width((wire.endUnixS - wire.startUnixS) / 86_400, "\(field).end_unix_s")
    return .instants(wire.startUnixS..<wire.endUnixS)
  }

  private static func days(
    _ wire: EvidenceContract.CalendarEntry, _ field: String
  ) throws(RPCError) -> ClosedRange<CivilDate> {
    let first = try date(wire.firstDate, "\(field).first_date")
    let last = try date(wire.lastDate, "\(field).last_date")
    guard first <= last else {
      throw RPCError(
        .invalidArgument, field: "\(field).last_date", reason: "out_of_range",
        "\(field).last_date \(last) comes before first_date \(first)")
    }
    try width(Int64(last.dayIndex - first.dayIndex), "\(field).last_date")
    return first...last
  }

  /// Reads a date such as `2026-12-24`.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field.
  public static func date(_ text: String, _ field: String) throws(RPCError) -> CivilDate {
    guard let date = CivilDate(text) else {
      throw RPCError(
        .invalidArgument, field: field, reason: text.isEmpty ? "missing" : "not_a_date",
        text.isEmpty ? "\(field) is missing" : "\(field) is no date such as 2026-12-24")
    }
    return date
  }

  private static func width(_ days: Int64, _ field: String) throws(RPCError) {
    guard days >= daysLimit else { return }
    throw RPCError(
      .invalidArgument, field: field, reason: "out_of_range",
      "\(field): an entry may last \(daysLimit) days")
  }

  private static func change(
    _ wire: EvidenceContract.CalendarEntry, _ field: String
  ) throws(RPCError) -> ExpectedChange? {
    guard wire.expectedRatio != 0 else {
      guard wire.tolerance == 0 else {
        throw RPCError(
          .invalidArgument, field: "\(field).tolerance", reason: "no_change",
          "\(field).tolerance belongs to an expected_ratio, which is missing")
      }
      return nil
    }
    guard (0.01...100).contains(wire.expectedRatio) else {
      throw RPCError(
        .invalidArgument, field: "\(field).expected_ratio", reason: "out_of_range",
        "\(field).expected_ratio must be 0.01 to 100, or 0 where it is unknown")
    }
    guard wire.tolerance == 0 || (0.001...5).contains(wire.tolerance) else {
      throw RPCError(
        .invalidArgument, field: "\(field).tolerance", reason: "out_of_range",
        "\(field).tolerance must be 0.001 to 5, or 0 for \(ExpectedChange.defaultTolerance)")
    }
    return ExpectedChange(
      ratio: wire.expectedRatio,
      tolerance: wire.tolerance == 0 ? ExpectedChange.defaultTolerance : wire.tolerance)
  }
}

extension SeriesModel.CalendarScope {
  /// Reads a scope with its value, or nil where none is named.
  ///
  /// - Parameters:
  ///   - wire: The enum.
  ///   - value: The region, segment or external id.
  ///   - field: What errors call the message that holds both; empty for a request.
  /// - Throws: INVALID_ARGUMENT that names the field.
  public init?(
    _ wire: EvidenceContract.CalendarScope, _ value: String, field: String
  ) throws(RPCError) {
    let prefix = field.isEmpty ? "" : "\(field)."
    switch wire {
    case .unspecified, .organisation:
      guard value.isEmpty else {
        throw RPCError(
          .invalidArgument, field: "\(prefix)scope_value", reason: "no_scope",
          "\(prefix)scope_value belongs to a region, a segment or a customer")
      }
      guard wire == .organisation else { return nil }
      self = .organisation
      return
    case .region: self = .region(value)
    case .segment: self = .segment(value)
    case .customer: self = .customer(value)
    default: throw WireLimits.unknownEnum(wire.rawValue, "\(prefix)scope")
    }
    try SeriesModel.CalendarEntry.present(value, "\(prefix)scope_value")
  }
}

extension EvidenceContract.CalendarEntry {
  /// Writes an entry.
  ///
  /// - Parameters:
  ///   - domain: The entry.
  ///   - sequence: The number of its last change; 0 where it has not been put yet.
  public init(_ domain: SeriesModel.CalendarEntry, sequence: Int64 = 0) {
    self.init()
    id = domain.id
    kind = CalendarKind(rawValue: Int32(domain.kind.rawValue))
    name = domain.name
    switch domain.scope {
    case .organisation: scope = .organisation
    case .region(let name): (scope, scopeValue) = (.region, name)
    case .segment(let name): (scope, scopeValue) = (.segment, name)
    case .customer(let id): (scope, scopeValue) = (.customer, id)
    }
    metric = domain.metric
    switch domain.span {
    case .days(let days):
      firstDate = days.lowerBound.description
      lastDate = days.upperBound.description
    case .instants(let seconds):
      startUnixS = seconds.lowerBound
      endUnixS = seconds.upperBound
    }
    if let change = domain.change {
      expectedRatio = change.ratio
      tolerance = change.tolerance
    }
    self.sequence = sequence
  }
}
