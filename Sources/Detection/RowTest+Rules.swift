import Baselines
import SeriesModel

/// What one static rule says of a row.
struct RuleResult {
  let rule: StaticRule
  let test: TestResult
  let kind: FindingKind
  let observed: Double
  let expected: Double

  /// Measured over what had to be passed, 1 to 10.
  var score: Double {
    guard kind != .plateau, test.threshold > 0 else { return 1 }
    return min(max(test.statistic.magnitude / test.threshold, 1), 10)
  }
}

/// One bucket held against a rule.
private struct Measured {
  var statistic: Double
  var threshold: Double
  /// How far it lies beyond the threshold, in the unit of the values.
  var excess: Double
  var observed: Double
  var expected: Double
  var isUp: Bool

  /// Whether the threshold is passed.
  ///
  /// People write decimals, which binary numbers hold to 16 digits only: 70.1 less 50.1 must not be
  /// more than 20. So twelve digits count.
  var isFired: Bool {
    let slack = 1e-12 * (observed.magnitude + expected.magnitude)
    return statistic.isFinite && excess > slack
  }
}

/// The rules that people set.
extension RowTest {
  /// Adds what the rules say to what the models found, or finds it themselves.
  ///
  /// One thing a row: what the models found stands, and takes the tests of the rules along; else
  /// the first rule that fires gives the finding.
  func finding<Log: DecisionLog>(
    _ model: Finding?, rules: [StaticRule], _ log: inout Log
  ) -> Finding? {
    let muted = rules.filter { $0.comparison == .mute }.map(\.companion)
    let isMuted = model.map { muted.contains($0.kind.name) } ?? false
    if isMuted { log.mute() }
    let model = isMuted ? nil : model
    guard evidence.flags[row].isDisjoint(with: [.missing, .outage]) else { return model }
    let results = rules.compactMap(result)
    for result in results { tell(result, &log) }
    let fired = results.filter(\.test.fired)
    var found = model
    if found == nil, let first = fired.first { found = finding(first) }
    guard var found else { return nil }
    found.tests += results.map(\.test).prefix(max(0, Finding.testsMax - found.tests.count))
    for result in fired where result.kind.isSameSide(as: found.kind) {
      if found.rule.isEmpty { found.rule = result.rule.name }
      found.severityFloor = max(found.severityFloor, result.rule.severity)
    }
    return found
  }

  private func tell<Log: DecisionLog>(_ result: RuleResult, _ log: inout Log) {
    let test = result.test
    log.begin(
      Trial(
        .rule, window: test.window, statistic: test.statistic, threshold: test.threshold,
        rule: result.rule.name))
    _ = log.ask(.beyondThreshold, test.fired, test.statistic, test.threshold)
  }

  /// Adds the rules, and what they look at beside the row, to a fingerprint.
  func add(_ rules: [StaticRule], to hash: inout ContentHash) {
    for rule in rules {
      rule.add(to: &hash)
      guard rule.comparison.needsCompanion, let partner = partner(rule.companion) else { continue }
      hash.add(evidence.inputHash[partner])
    }
  }

  private func finding(_ result: RuleResult) -> Finding {
    let isShape = result.rule.comparison == .plateau
    let change = WindowRule.change(
      sum: result.observed, expected: result.expected, deviation: 0, valid: 1, kind: metricKind)
    return finding(
      result.kind, length: isShape ? result.rule.window : result.rule.hold,
      observed: result.observed, expected: result.expected, score: result.score,
      logRatio: isShape ? 0 : change)
  }

  /// What a rule says of the row; nil where it has nothing to compare.
  private func result(_ rule: StaticRule) -> RuleResult? {
    guard rule.comparison != .mute else { return nil }
    let partner = rule.comparison.needsCompanion ? self.partner(rule.companion) : row
    guard let partner else { return nil }
    var newest: Measured?
    var isFired = true
    // A recovery looks at the buckets that must hold it itself.
    for back in 0..<(rule.comparison == .recovery ? 1 : rule.hold) {
      guard let measured = measured(rule, partner: partner, back: back) else {
        if back == 0 { return nil }
        isFired = false
        break
      }
      if back == 0 { newest = measured }
      isFired = isFired && measured.isFired && measured.isUp == newest?.isUp
    }
    guard let newest else { return nil }
    let test = TestResult(
      test: .rule, window: rule.window, statistic: newest.statistic,
      threshold: newest.threshold, fired: isFired)
    let kind: FindingKind =
      rule.comparison == .plateau ? .plateau : newest.isUp ? .spike : .drop
    return RuleResult(
      rule: rule, test: test, kind: kind, observed: newest.observed, expected: newest.expected)
  }

  private func measured(_ rule: StaticRule, partner: Int, back: Int) -> Measured? {
    let value = value(row, back)
    guard value.isFinite else { return nil }
    switch rule.comparison {
    case .dropPoints, .risePoints, .dropPercent, .risePercent:
      guard let reference = reference(rule, back: back), reference.magnitude >= rule.minimum
      else { return nil }
      return change(rule, value, reference)
    case .variance:
      let forecast = self.value(partner, back)
      guard forecast.isFinite, forecast != 0, forecast.magnitude >= rule.minimum else {
        return nil
      }
      return change(rule, value, forecast)
    case .below, .above: return level(rule, value, scale: 1)
    case .abovePercent:
      let metric = evidence.metrics[Int(evidence.metricIndex[row])]
      return level(rule, value, scale: metric.kind == .ratio && metric.unit != "%" ? 100 : 1)
    case .plateau: return plateau(rule, back: back)
    case .recovery: return recovery(rule)
    case .rate: return rate(rule, partner: partner, back: back)
    case .mute, .mixShift: return nil
    }
  }

  private func change(_ rule: StaticRule, _ value: Double, _ reference: Double) -> Measured? {
    let difference = value - reference
    let isPoints = rule.comparison == .dropPoints || rule.comparison == .risePoints
    guard isPoints || reference != 0 else { return nil }
    let unit = isPoints ? 1 : reference.magnitude / 100
    let sign: Double =
      switch rule.comparison {
      case .dropPoints, .dropPercent: -1
      case .risePoints, .risePercent: 1
      default: difference < 0 ? -1 : 1
      }
    return Measured(
      statistic: difference / unit, threshold: rule.threshold,
      excess: difference * sign - rule.threshold * unit, observed: value, expected: reference,
      isUp: sign > 0)
  }

  private func level(_ rule: StaticRule, _ value: Double, scale: Double) -> Measured {
    let line = rule.threshold / scale
    let isUp = rule.comparison != .below
    return Measured(
      statistic: value * scale, threshold: rule.threshold,
      excess: isUp ? value - line : line - value, observed: value, expected: line, isUp: isUp)
  }

  private func plateau(_ rule: StaticRule, back: Int) -> Measured? {
    let values = (back..<back + rule.window).map { value(row, $0) }.filter(\.isFinite)
    guard values.count * 4 >= rule.window * 3, let highest = values.max(),
      let lowest = values.min(), rule.ceiling == 0 || highest < rule.ceiling
    else { return nil }
    return Measured(
      statistic: highest - lowest, threshold: rule.threshold,
      excess: rule.threshold - (highest - lowest), observed: value(row, back),
      expected: evidence.expected[row], isUp: false)
  }

  /// What was regained since the lowest value, and held; nothing where the series rose as fast
  /// before, is as restless at all times, or did not fall so far.
  private func recovery(_ rule: StaticRule) -> Measured? {
    guard rule.hold <= rule.window else { return nil }
    let backs = (rule.hold...rule.window).filter { value(row, $0).isFinite }
    guard let place = backs.min(by: { value(row, $0) < value(row, $1) }) else { return nil }
    let low = value(row, place)
    let held = (0..<rule.hold).map { value(row, $0) }.filter(\.isFinite).min() ?? low
    let earlier = (place..<EvidenceBatch.ringLength).map { value(row, $0) }
    guard let high = earlier.filter(\.isFinite).max(), high - low > rule.threshold else {
      return nil
    }
    let regained = held - low
    var fastest = max(rule.threshold, 3 * evidence.deviation[row])
    for (from, before) in zip(earlier.dropFirst(place), earlier) where before > from {
      fastest = max(fastest, before - from)
    }
    return Measured(
      statistic: regained, threshold: fastest, excess: regained - fastest,
      observed: value(row, 0), expected: low, isUp: true)
  }

  /// The chance that a share lies below its band.
  private static let shareError = 0.01

  private func rate(_ rule: StaticRule, partner: Int, back: Int) -> Measured? {
    let left = value(row, back).rounded()
    let all = value(partner, back).rounded()
    guard all.isFinite, all > 0, left >= 0, left <= all, all >= rule.minimum else { return nil }
    let lower = ShareBand(count: left, trials: all, error: Self.shareError).lower
    var usual = rule.threshold / 100
    var isLikelier = true
    if rule.threshold == 0 {
      var before = 0.0
      var trials = 0.0
      for earlier in back + 1..<min(back + 1 + rule.window, EvidenceBatch.ringLength)
      where value(row, earlier).isFinite && value(partner, earlier) >= value(row, earlier) {
        before += value(row, earlier).rounded()
        trials += value(partner, earlier).rounded()
      }
      guard trials > 0 else { return nil }
      usual = before / trials
      // The usual share is known from counts too: of all who left, how many did so now?
      let share = ShareBand(count: left, trials: left + before, error: Self.shareError).lower
      isLikelier = share > all / (all + trials)
    }
    return Measured(
      statistic: lower * 100, threshold: usual * 100,
      excess: isLikelier ? (lower - usual) * all : 0, observed: left, expected: usual * all,
      isUp: true)
  }

  /// A value of the ring, counted back from the newest; NaN where it is missing or too long ago.
  private func value(_ row: Int, _ back: Int) -> Double {
    let place = row == self.row ? detail : evidence.detail(of: row)
    guard back < EvidenceBatch.ringLength, let place else { return .nan }
    return evidence.ringObserved[(place + 1) * EvidenceBatch.ringLength - 1 - back]
  }

  private func reference(_ rule: StaticRule, back: Int) -> Double? {
    let last = (back + 1..<EvidenceBatch.ringLength).lazy.map { value(row, $0) }
      .first(where: \.isFinite)
    switch rule.reference {
    case .previous: return last
    case .season:
      let season = evidence.bucket.granularity.seasonLength
      let value = back == 0 ? evidence.previousSeason[detail] : value(row, back + season)
      return value.isFinite ? value : nil
    case .mean, .highest, .lowest:
      let window = (back + 1..<back + 1 + rule.window).map { value(row, $0) }.filter(\.isFinite)
      if rule.reference == .mean {
        return window.isEmpty ? nil : window.reduce(0, +) / Double(window.count)
      }
      // The last accepted value counts however long ago it came.
      let values = window.isEmpty ? Array([last].compactMap(\.self)) : window
      return rule.reference == .highest ? values.max() : values.min()
    }
  }

  /// The row of the same customer that holds another metric, with the same dimensions or as the
  /// key says.
  func partner(_ name: String) -> Int? {
    let own = evidence.metrics[Int(evidence.metricIndex[row])]
    let customer = evidence.customerIndex[row]
    var from = row
    while from > 0, evidence.customerIndex[from - 1] == customer { from -= 1 }
    var place = from
    while place < evidence.count, evidence.customerIndex[place] == customer {
      let metric = evidence.metrics[Int(evidence.metricIndex[place])]
      if metric.key == name || (metric.name == name && metric.dimensions == own.dimensions) {
        return place
      }
      place += 1
    }
    return nil
  }
}

extension FindingKind {
  /// Whether both speak of the same side of a series.
  fileprivate func isSameSide(as other: FindingKind) -> Bool {
    self == other || (isUp == other.isUp && isOfWindow && other.isOfWindow)
  }
}
