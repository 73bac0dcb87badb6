public import Baselines
public import RPC
internal import SeriesContract

extension EvidenceContract.CohortRow {
  /// Writes what later stages need of a row: the drifts and the profile stay with the model.
  public init(_ domain: Baselines.CohortRow) {
    self.init()
    cohort = domain.cohort
    shift = domain.shift
    effect = domain.effect
    hasOutage = domain.outageSince != nil
    outageSince = domain.outageSince ?? 0
    score = domain.score
    members = UInt32(clamping: domain.members)
  }
}

extension Baselines.CohortRow {
  /// Rows that one batch may hold.
  public static let rowsLimit = 1_000

  /// Reads a row, without drifts and profile.
  ///
  /// - Parameters:
  ///   - wire: The message.
  ///   - bucket: The bucket of the batch, before which no platform event of it begins later.
  ///   - field: What errors call it, such as `cohorts[0]`.
  /// - Throws: INVALID_ARGUMENT that names the field.
  public init(
    _ wire: EvidenceContract.CohortRow, bucket: Int32, field: String
  ) throws(RPCError) {
    try WireLimits.text(wire.cohort, bytes: 200, "\(field).cohort")
    try WireLimits.finite(wire.shift, "\(field).shift")
    try WireLimits.finite(wire.effect, "\(field).effect")
    guard wire.score.isFinite, wire.score >= 0 else {
      throw RPCError(
        .invalidArgument, field: "\(field).score", reason: "out_of_range",
        "\(field).score must be 0 or more")
    }
    guard !wire.hasOutage || wire.outageSince <= bucket else {
      throw RPCError(
        .invalidArgument, field: "\(field).outage_since", reason: "out_of_order",
        "\(field).outage_since is after the bucket")
    }
    self.init(
      cohort: wire.cohort, shift: wire.shift, effect: wire.effect,
      outageSince: wire.hasOutage ? wire.outageSince : nil, score: wire.score,
      members: Int(wire.members))
  }

  /// Reads the rows of a batch, each cohort once.
  ///
  /// - Throws: INVALID_ARGUMENT that names the row.
  public static func rows(
    _ wire: [EvidenceContract.CohortRow], bucket: Int32, _ field: String
  ) throws(RPCError) -> [Baselines.CohortRow] {
    try WireColumns.rows(wire.count, limit: rowsLimit, field)
    var rows: [Baselines.CohortRow] = []
    rows.reserveCapacity(wire.count)
    var names: Set<String> = []
    for (place, row) in wire.enumerated() {
      rows.append(try Baselines.CohortRow(row, bucket: bucket, field: "\(field)[\(place)]"))
      guard names.insert(row.cohort).inserted else {
        throw RPCError(
          .invalidArgument, field: "\(field)[\(place)].cohort", reason: "twice",
          "\(field)[\(place)].cohort stands there twice")
      }
    }
    return rows
  }
}
