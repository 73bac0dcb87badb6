public import SeriesModel

/// What the last buckets did to every cohort: all that is needed to say what the next one does.
///
/// It is a fold over the rows that it makes, so it can be rebuilt from stored ones.
public struct CohortHistory: Sendable {
  /// How many buckets back the usual is looked for.
  public static let reach = 90

  /// Effects that have been seen before the usual is known.
  private static let leastEffects = 20

  /// The memory of one cohort.
  private struct Memory: Sendable {
    /// Effects of ordinary buckets, oldest first.
    var effects: [Double] = []
    var outageSince: Int32?
    var lastOutage: Int32?
    /// The pooled shape, as it was last known.
    var profile: [Float] = []
    var drifts: [Double] = []
  }

  private let rules: CohortRules
  private var memories: [String: Memory] = [:]

  /// A history of nothing.
  public init(granularity: Granularity) { rules = CohortRules.rules(for: granularity) }

  /// Takes a row that was made before, bucket by bucket.
  public mutating func take(_ row: CohortRow, bucket: Int32) {
    var memory = memories[row.cohort] ?? Memory()
    if let since = row.outageSince {
      memory.outageSince = since
      memory.lastOutage = bucket
    } else if row.members > 0 {
      memory.effects.append(row.effect)
      if memory.effects.count > Self.reach { memory.effects.removeFirst() }
    }
    if !row.profile.isEmpty { memory.profile = row.profile }
    if !row.drifts.isEmpty { memory.drifts = row.drifts }
    memories[row.cohort] = memory
  }

  /// Makes the rows of a bucket from what its members say, and takes them.
  ///
  /// - Returns: The row of all first, then one a cohort, by name.
  public mutating func rows(of bucket: Int32, _ tally: CohortTally) -> [CohortRow] {
    var everyone: [Double] = []
    var sharers = 0
    for (_, views) in tally.cohorts {
      everyone += views.logRatios
      sharers += views.seen.count
    }
    everyone.sort()
    let usual = usualDeviation
    var all = CohortRow(cohort: "", members: everyone.count)
    if everyone.count >= rules.leastMembers {
      all.effect = median(everyone)
      noteOutage(
        &all, everyone, bucket, effect: rules.outageEffect, share: rules.outageShare,
        least: max(rules.outageMembers, sharers / 2), usual: usual)
      all.shift = all.outageSince == nil ? shift(everyone) : 0
    }
    var rows = [all]
    let names = Set(tally.cohorts.keys).union(memories.keys).subtracting([""]).sorted()
    for name in names {
      rows.append(row(name, tally.cohorts[name] ?? CohortTally.Views(), all, bucket, usual))
    }
    shareOut(tally, over: &rows)
    pool(tally.cohorts[""] ?? CohortTally.Views(), into: &rows[0])
    for row in rows { take(row, bucket: bucket) }
    return rows
  }

  /// Sets the shifts from what the series with few events say together, where there are any.
  ///
  /// Each says next to nothing alone, so that a median says nothing either.
  private func shareOut(_ tally: CohortTally, over rows: inout [CohortRow]) {
    let all = tally.cohorts.keys.sorted().compactMap { tally.cohorts[$0] }
    let everyone = all.reduce(into: CohortTally.Views()) { $0.join($1) }
    guard everyone.seen.count >= rules.leastMembers else { return }
    for place in rows.indices {
      let own = tally.cohorts[rows[place].cohort]
      let isAll = rows[place].cohort.isEmpty || (own?.seen.count ?? 0) < rules.shiftMembers
      rows[place].shift = shift(of: isAll ? everyone : own ?? everyone)
    }
  }

  /// The log ratio of what came to what was expected, drawn to 0 by events as expected.
  private func shift(of views: CohortTally.Views) -> Double {
    var seen = rules.shareEvents
    var expected = rules.shareEvents
    // In the order of size, so that nothing depends on the order of the parts.
    for number in views.seen.sorted() { seen += number }
    for number in views.expected.sorted() { expected += number }
    return naturalLogarithm(seen / expected)
  }

  private func row(
    _ name: String, _ views: CohortTally.Views, _ all: CohortRow, _ bucket: Int32,
    _ usual: Double
  ) -> CohortRow {
    let ratios = views.logRatios.sorted()
    var row = CohortRow(cohort: name, members: ratios.count)
    if !ratios.isEmpty { row.effect = median(ratios) }
    if all.outageSince == nil {
      noteOutage(
        &row, ratios, bucket, effect: rules.cohortOutageEffect, share: rules.cohortOutageShare,
        least: max(rules.cohortOutageMembers, views.seen.count / 2), usual: usual)
      row.shift = ratios.count >= rules.shiftMembers ? shift(ratios) : all.shift
    }
    pool(views, into: &row)
    return row
  }

  /// How far the median of all usually is from its own median, with a floor.
  private var usualDeviation: Double {
    guard let effects = memories[""]?.effects, effects.count > Self.leastEffects else {
      return 0.15
    }
    let middle = median(effects.sorted())
    return 1.4826 * median(effects.map { ($0 - middle).magnitude }.sorted()) + 0.03
  }

  private func noteOutage(
    _ row: inout CohortRow, _ sorted: [Double], _ bucket: Int32, effect: Double, share: Double,
    least: Int, usual: Double
  ) {
    guard sorted.count >= least, row.effect < effect, row.effect < -rules.outageDeviations * usual
    else { return }
    let below = sorted.prefix { $0 < rules.memberEffect }.count
    guard Double(below) > share * Double(sorted.count) else { return }
    let memory = memories[row.cohort]
    row.outageSince = bucket
    if let last = memory?.lastOutage, let since = memory?.outageSince,
      bucket - last <= rules.joinBuckets
    {
      row.outageSince = since
    }
    row.score = max(1, row.effect / min(effect, -rules.outageDeviations * usual))
  }

  /// The median, drawn to 0 by what chance alone may bring.
  private func shift(_ sorted: [Double]) -> Double {
    guard rules.hasShift, sorted.count >= rules.leastMembers else { return 0 }
    let middle = median(sorted)
    let spread = 1.4826 * median(sorted.map { ($0 - middle).magnitude }.sorted())
    let error = 1.25 * spread / Double(sorted.count).squareRoot()
    let size = middle.magnitude - rules.softErrors * error - rules.softShift
    guard size > 0 else { return 0 }
    return middle < 0 ? -size : size
  }

  /// Pools drifts and shapes, or goes on with the last ones.
  private func pool(_ views: CohortTally.Views, into row: inout CohortRow) {
    let memory = memories[row.cohort]
    if views.drifts.isEmpty {
      row.drifts = memory?.drifts ?? []
    } else {
      row.drifts = views.drifts.map {
        $0.count > rules.driftMembers ? median($0.sorted()) : 0
      }
    }
    guard views.profiles.count >= rules.profileMembers, let slots = views.profiles.first?.count
    else {
      row.profile = memory?.profile ?? []
      return
    }
    let pooled = (0..<slots).map { slot in
      Float(median(views.profiles.map { Double($0[slot]) }.sorted()))
    }
    let mean = pooled.reduce(0, +) / Float(slots)
    row.profile = mean > 0 ? pooled.map { $0 / mean } : memory?.profile ?? []
  }
}

/// The middle of sorted numbers; 0 of none.
func median(_ sorted: [Double]) -> Double {
  guard !sorted.isEmpty else { return 0 }
  let middle = sorted.count / 2
  return sorted.count.isMultiple(of: 2)
    ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
}
