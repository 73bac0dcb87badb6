import Baselines
import RPC

extension Baselines.EvidenceBatch {
  /// Takes the columns of a message after checking each of them.
  mutating func takeColumns(_ wire: EvidenceContract.EvidenceBatch) throws(RPCError) {
    let rows = wire.customerIndex.count
    try WireColumns.rows(rows, limit: Self.rowsLimit, "evidence.customer_index")
    try WireColumns.indices(
      wire.customerIndex, rows: rows, dictionary: customers.count, "evidence.customer_index")
    try WireColumns.indices(
      wire.metricIndex, rows: rows, dictionary: metrics.count, "evidence.metric_index")
    try WireColumns.length(wire.flags.count, rows, "evidence.flags")
    try WireColumns.length(wire.age.count, rows, "evidence.age")
    try WireColumns.length(wire.inputHash.count, rows, "evidence.input_hash")
    customerIndex = wire.customerIndex
    metricIndex = wire.metricIndex
    flags = wire.flags.map(EvidenceFlags.init(rawValue:))
    age = wire.age
    inputHash = wire.inputHash
    try takeValues(wire, rows)
    try takeDetail(wire, rows)
  }

  /// Takes the columns that hold an entry for some rows alone.
  private mutating func takeDetail(
    _ wire: EvidenceContract.EvidenceBatch, _ rows: Int
  ) throws(RPCError) {
    try WireColumns.rising(wire.detailed, below: rows, "evidence.detailed")
    // An earlier baseline names no rows and shows all of them in full.
    let isOfEarlier = wire.detailed.isEmpty && !wire.zeroRun.isEmpty
    setDetailed(isOfEarlier ? (0..<UInt32(rows)).map { $0 } : wire.detailed)
    let rows = detailed.count
    try WireColumns.length(wire.zeroRun.count, rows, "evidence.zero_run")
    zeroRun = wire.zeroRun
    try WireColumns.finiteOrMissing(wire.previousSeason, rows: rows, "evidence.previous_season")
    previousSeason = wire.previousSeason
    try takeWindows(wire, rows * windows.count)
    try takeStatistics(wire, rows)
    try takeShapes(wire, rows)
    let ring = rows * Self.ringLength
    try WireColumns.finiteOrMissing(wire.ringObserved, rows: ring, "evidence.ring_observed")
    try WireColumns.finiteOrMissing(wire.ringExpected, rows: ring, "evidence.ring_expected")
    ringObserved = wire.ringObserved
    ringExpected = wire.ringExpected
  }

  private mutating func takeValues(
    _ wire: EvidenceContract.EvidenceBatch, _ rows: Int
  ) throws(RPCError) {
    try WireColumns.finiteOrMissing(wire.observed, rows: rows, "evidence.observed")
    for (row, value) in wire.observed.enumerated()
    where value.isNaN && !flags[row].contains(.missing) {
      throw RPCError(
        .invalidArgument, field: "evidence.observed[\(row)]", reason: "not_finite",
        "evidence.observed[\(row)] is no number though its flags do not say missing")
    }
    try WireColumns.finite(wire.expected, rows: rows, "evidence.expected")
    try WireColumns.notNegative(wire.deviation, rows: rows, "evidence.deviation")
    try WireColumns.finite(wire.z, rows: rows, "evidence.z")
    observed = wire.observed
    expected = wire.expected
    deviation = wire.deviation
    z = wire.z
  }

  private mutating func takeWindows(
    _ wire: EvidenceContract.EvidenceBatch, _ cells: Int
  ) throws(RPCError) {
    try WireColumns.finite(wire.windowSum, rows: cells, "evidence.window_sum")
    try WireColumns.finite(wire.windowExpected, rows: cells, "evidence.window_expected")
    try WireColumns.notNegative(wire.windowDeviation, rows: cells, "evidence.window_deviation")
    try WireColumns.length(wire.windowValid.count, cells, "evidence.window_valid")
    for (cell, valid) in wire.windowValid.enumerated() {
      let length = windows[cell % windows.count]
      guard Int(valid) > length else { continue }
      throw RPCError(
        .invalidArgument, field: "evidence.window_valid[\(cell)]", reason: "out_of_range",
        "evidence.window_valid[\(cell)] is \(valid) in a window of \(length) buckets")
    }
    windowSum = wire.windowSum
    windowExpected = wire.windowExpected
    windowDeviation = wire.windowDeviation
    windowValid = wire.windowValid
  }

  private mutating func takeStatistics(
    _ wire: EvidenceContract.EvidenceBatch, _ rows: Int
  ) throws(RPCError) {
    try WireColumns.finiteOrMissing(wire.mean, rows: rows, "evidence.mean")
    try WireColumns.finiteOrMissing(
      wire.standardDeviation, rows: rows, "evidence.standard_deviation")
    try WireColumns.finiteOrMissing(wire.median, rows: rows, "evidence.median")
    try WireColumns.finiteOrMissing(
      wire.medianAbsoluteDeviation, rows: rows, "evidence.median_absolute_deviation")
    try WireColumns.finiteOrMissing(wire.lowerQuartile, rows: rows, "evidence.lower_quartile")
    try WireColumns.finiteOrMissing(wire.upperQuartile, rows: rows, "evidence.upper_quartile")
    mean = wire.mean
    standardDeviation = wire.standardDeviation
    median = wire.median
    medianAbsoluteDeviation = wire.medianAbsoluteDeviation
    lowerQuartile = wire.lowerQuartile
    upperQuartile = wire.upperQuartile
  }

  /// Takes the columns that a baseline of before may not send: it has nothing to say of them.
  private mutating func takeShapes(
    _ wire: EvidenceContract.EvidenceBatch, _ rows: Int
  ) throws(RPCError) {
    drift = try Self.later(wire.drift, rows, "evidence.drift")
    driftDeviation = try Self.later(wire.driftDeviation, rows, "evidence.drift_deviation")
    try WireColumns.notNegative(driftDeviation, rows: rows, "evidence.drift_deviation")
    seasonDistance = try Self.later(wire.seasonDistance, rows, "evidence.season_distance")
    seasonEffect = try Self.later(wire.seasonEffect, rows, "evidence.season_effect")
    silence = try Self.later(wire.silence, rows, "evidence.silence")
    tieRun = try Self.later(wire.tieRun, rows, "evidence.tie_run")
    tieSurprise = try Self.later(wire.tieSurprise, rows, "evidence.tie_surprise")
    capExcess = try Self.later(wire.capExcess, rows, "evidence.cap_excess")
    adoptionBuckets = try Self.later(wire.adoptionBuckets, rows, "evidence.adoption_buckets")
    adoptionUnits = try Self.later(wire.adoptionUnits, rows, "evidence.adoption_units")
    streamScore = try Self.later(wire.streamScore, rows, "evidence.stream_score")
    try WireColumns.notNegative(streamScore, rows: rows, "evidence.stream_score")
    let changes = try Self.later(wire.streamChange, rows, "evidence.stream_change")
    // A change that a later baseline knows of is none to this one.
    streamChange = changes.map { StreamChange(rawValue: UInt8(clamping: $0)) ?? .none }
    streamLength = try Self.later(wire.streamLength, rows, "evidence.stream_length")
    risk = try Self.later(wire.risk, rows, "evidence.risk")
  }

  private static func later(
    _ column: [Double], _ rows: Int, _ field: String
  ) throws(RPCError) -> [Double] {
    if column.isEmpty { return Array(repeating: 0, count: rows) }
    try WireColumns.finite(column, rows: rows, field)
    return column
  }

  private static func later(
    _ column: [UInt32], _ rows: Int, _ field: String
  ) throws(RPCError) -> [UInt32] {
    if column.isEmpty { return Array(repeating: 0, count: rows) }
    try WireColumns.length(column.count, rows, field)
    return column
  }
}
