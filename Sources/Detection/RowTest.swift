import Baselines
import SeriesModel

/// The tests of one row.
struct RowTest {
  let evidence: EvidenceBatch
  var row: Int
  /// Place of the row in the columns of detail; without it nothing can be found in the row.
  var detail: Int
  var scale: Double
  let parameters: ModelParameters
  /// By window of the batch; nil where the model has no rule for its length.
  let rules: [WindowRule?]

  /// A window that passed its threshold.
  private struct Excess {
    let place: Int
    let ratio: Double
    let change: Double
  }

  /// What the models found, or nil, with a listener to every condition.
  ///
  /// One thing a row: what says most about the series comes first. A run of zeros is not judged by
  /// windows from its second bucket on, since the windows would tell of it again and again.
  func finding<Log: DecisionLog>(_ log: inout Log) -> Finding? {
    let isOpen = isJudged(&log)
    guard isOpen || Log.isComplete else { return nil }
    var found: Finding?
    if evidence.bucket.granularity == .fiveMinutes {
      found = stream(&log)
    } else {
      found = adoption(&log)
      if found == nil || Log.isComplete { found.take(silence(&log)) }
      if found == nil || Log.isComplete { found.take(leaving(&log)) }
      if found == nil || Log.isComplete { found.take(windows(&log)) }
      if found == nil || Log.isComplete { found.take(decline(&log)) }
      if found == nil || Log.isComplete { found.take(season(&log)) }
      if found == nil || Log.isComplete { found.take(plateau(&log)) }
    }
    return isOpen ? found : nil
  }

  /// Whether the row is judged at all; streams know no holidays.
  private func isJudged<Log: DecisionLog>(_ log: inout Log) -> Bool {
    let flags = evidence.flags[row]
    let isPresent = log.ask(.present, !flags.contains(.missing))
    let isStream = evidence.bucket.granularity == .fiveMinutes
    let isOrdinary = isStream || log.ask(.ordinaryDay, !flags.contains(.holiday))
    let isUp = log.ask(.noPlatformEvent, !flags.contains(.outage))
    return isPresent && isOrdinary && isUp
  }

  /// What a window is out of the ordinary by.
  private func windows<Log: DecisionLog>(_ log: inout Log) -> Finding? {
    guard evidence.zeroRun[detail] < 2 || Log.isComplete else { return nil }
    let best = bestWindow(&log)
    let standing = best != nil || Log.isComplete ? standstill(hasDeparted: best != nil, &log) : nil
    return standing ?? best.map(window)
  }

  private func window(_ best: Excess) -> Finding {
    let interval = interval(of: best)
    return finding(
      kind(of: best, length: interval.length), length: interval.length,
      observed: interval.observed, expected: interval.expected, score: best.ratio,
      logRatio: interval.change)
  }

  /// Gathers a finding over so many buckets up to the row's.
  func finding(
    _ kind: FindingKind, length: Int, observed: Double, expected: Double, score: Double,
    logRatio: Double
  ) -> Finding {
    let ring = detail * EvidenceBatch.ringLength..<(detail + 1) * EvidenceBatch.ringLength
    return Finding(
      row: row, kind: kind,
      startBucket: Int32(clamping: Int64(evidence.bucket.index) - Int64(length) + 1),
      endBucket: evidence.bucket.index, observed: observed, expected: expected, score: score,
      logRatio: logRatio, tests: tests(), ringObserved: Array(evidence.ringObserved[ring]),
      ringExpected: Array(evidence.ringExpected[ring]))
  }

  /// The part of a window that is out of the ordinary, with its means a bucket.
  private struct Interval {
    let length: Int
    let observed: Double
    let expected: Double
    let change: Double
  }

  /// Begins with the first bucket that was not normal any more, within the window or before it.
  ///
  /// A window of a week fires on the second bad day: the good days before it are not part of what
  /// happened. A window of three days fires for a week: all of it is. What is expected of counts
  /// is shared out over the buckets by what was normal for each.
  private func interval(of best: Excess) -> Interval {
    let window = evidence.windows[best.place]
    let cell = detail * evidence.windows.count + best.place
    let newest = (detail + 1) * EvidenceBatch.ringLength - 1
    var length = min(window, EvidenceBatch.ringLength)
    while length > 1, !isOut(newest - length + 1, isUp: best.change > 0) { length -= 1 }
    while length < EvidenceBatch.ringLength, isOut(newest - length, isUp: best.change > 0) {
      length += 1
    }
    let whole = means(newest - min(window, EvidenceBatch.ringLength) + 1...newest)
    let part = means(newest - length + 1...newest)
    let valid = Double(evidence.windowValid[cell])
    var observed = evidence.windowSum[cell] / valid
    var expected = evidence.windowExpected[cell] / valid
    if length != window, part.count > 0 {
      observed = part.observed
      switch metricKind {
      case .count, .money:
        if whole.expected > 1e-9 { expected *= part.expected / whole.expected }
      case .gauge, .ratio: expected = part.expected
      }
    }
    let count = length != window ? max(part.count, 1) : Int(valid)
    let change = WindowRule.change(
      sum: observed * Double(count), expected: expected * Double(count),
      deviation: evidence.deviation[row], valid: count, kind: metricKind)
    guard (change > 0) == (best.change > 0) else {
      return Interval(
        length: window, observed: evidence.windowSum[cell] / valid,
        expected: evidence.windowExpected[cell] / valid, change: best.change)
    }
    return Interval(length: length, observed: observed, expected: expected, change: change)
  }

  /// Whether a bucket of the ring lies beyond one deviation on that side.
  func isOut(_ cell: Int, isUp: Bool) -> Bool {
    let difference = evidence.ringObserved[cell] - evidence.ringExpected[cell]
    return (isUp ? difference : -difference) > evidence.deviation[row]
  }

  func means(
    _ cells: ClosedRange<Int>
  ) -> (observed: Double, expected: Double, count: Int) {
    var observed = 0.0
    var expected = 0.0
    var count = 0
    for cell in cells
    where evidence.ringObserved[cell].isFinite && evidence.ringExpected[cell].isFinite {
      observed += evidence.ringObserved[cell]
      expected += evidence.ringExpected[cell]
      count += 1
    }
    guard count > 0 else { return (0, 0, 0) }
    return (observed / Double(count), expected / Double(count), count)
  }

  /// The window that is furthest beyond its threshold.
  private func bestWindow<Log: DecisionLog>(_ log: inout Log) -> Excess? {
    var best: Excess?
    for place in evidence.windows.indices {
      let cell = detail * evidence.windows.count + place
      guard let rule = rules[place] else { continue }
      let ratio = statistic(cell).magnitude / threshold(rule)
      log.begin(
        Trial(
          .window, window: rule.length, statistic: statistic(cell), threshold: threshold(rule)))
      let isShort = log.ask(
        .noZeroRun, evidence.zeroRun[detail] < 2, Double(evidence.zeroRun[detail]), 1)
      let valid = Int(evidence.windowValid[cell])
      guard
        log.ask(
          .judged, valid > 0, Double(valid), Double((rule.length * 3 + 4) / 5), whyNot(rule.length))
      else { continue }
      let isOut = log.ask(.beyondThreshold, ratio > 1, ratio, 1)
      guard isShort && isOut && ratio > best?.ratio ?? 1 || Log.isComplete else { continue }
      let change = WindowRule.change(
        sum: evidence.windowSum[cell], expected: evidence.windowExpected[cell],
        deviation: evidence.deviation[row], valid: valid, kind: metricKind)
      log.note(change: change)
      let isLarge = isLargeEnough(rule, cell, change, &log)
      let isStill = isStillOut(place, isUp: change > 0, &log)
      let isSteady = isUsedSteadily(before: rule.length, isUp: change > 0, &log)
      guard isShort, isOut, isLarge, isStill, isSteady, ratio > best?.ratio ?? 1 else { continue }
      best = Excess(place: place, ratio: ratio, change: change)
    }
    return best
  }

  /// Whether a window's change matters to anyone, however sure it is.
  private func isLargeEnough<Log: DecisionLog>(
    _ rule: WindowRule, _ cell: Int, _ change: Double, _ log: inout Log
  ) -> Bool {
    let (sum, expected) = (evidence.windowSum[cell], evidence.windowExpected[cell])
    let isLarge = log.ask(
      .largeChange, rule.isChangeLargeEnough(sum: sum, expected: expected, kind: metricKind),
      (sum - expected).magnitude, metricKind == .count ? rule.minimumChange : 0)
    let isTelling = log.ask(
      .largeEffect, rule.isEffectLargeEnough(change), change.magnitude, rule.effect)
    return isLarge && isTelling
  }

  /// Why a window of that length may not be judged, as far as the row tells.
  private func whyNot(_ length: Int) -> Gate.Reason {
    let flags = evidence.flags[row]
    if !flags.isDisjoint(with: [.missing, .holiday, .outage]) { return .rowNotJudged }
    if Int(evidence.age[row]) < parameters.grossFrom { return .tooYoung }
    // Who acts now and then is judged by silence, not by windows.
    let isSparse = parameters.leaving != nil && evidence.risk[detail] > 0
    if flags.contains(.hurdle) || isSparse { return .zeroHabit }
    guard length <= EvidenceBatch.ringLength else { return .tooSoon }
    let present = ringCells(length).filter { evidence.ringObserved[$0].isFinite }.count
    return present * 5 < length * 3 ? .tooFewValues : .tooSoon
  }

  var metricKind: MetricKind { evidence.metrics[Int(evidence.metricIndex[row])].kind }

  /// The window's sum less what was expected, in deviations.
  func statistic(_ cell: Int) -> Double {
    let deviation = evidence.windowDeviation[cell]
    guard deviation > 0 else { return 0 }
    return (evidence.windowSum[cell] - evidence.windowExpected[cell]) / deviation
  }

  /// A young series is judged by gross changes only.
  func threshold(_ rule: WindowRule) -> Double {
    let gross = evidence.flags[row].contains(.learning) ? parameters.grossScale : 1
    return rule.threshold(
      age: Int(evidence.age[row]), ageInflation: parameters.ageInflation, scale: scale * gross)
  }

  /// Whether the newest bucket is out on the same side.
  ///
  /// The longer windows still hold what happened when it is over; that is no news.
  private func isStillOut<Log: DecisionLog>(
    _ place: Int, isUp: Bool, _ log: inout Log
  ) -> Bool {
    guard evidence.windows[place] > 1 else { return true }
    let difference = evidence.observed[row] - evidence.expected[row]
    let deviation = evidence.deviation[row]
    let distance = isUp ? difference : -difference
    return log.ask(.newestOut, distance > 0.5 * deviation, distance / max(deviation, 1e-12), 0.5)
  }

  /// An excursion that is longer than the short windows is a level, as is one that only a long
  /// window sees.
  private func kind(of best: Excess, length: Int) -> FindingKind {
    let isUp = best.change > 0
    let isLevel =
      length > parameters.shortWindow || evidence.windows[best.place] > parameters.shortWindow
      || isSeenByLongWindow(best)
    if isLevel { return isUp ? .levelUp : .levelDown }
    return isUp ? .spike : .drop
  }

  /// How far towards its own threshold a long window must be, and how far beside the best window.
  private static let longShare = 0.75
  private static let longBesideBest = 0.65

  /// Whether a long window is well on its way to the same side: what comes on slowly is no drop,
  /// though a short window may be the first to see enough of it.
  ///
  /// A sudden fall is seen by the short windows first and by far; that the long ones follow within
  /// days makes no level of it.
  private func isSeenByLongWindow(_ best: Excess) -> Bool {
    let needed = max(Self.longShare, Self.longBesideBest * best.ratio)
    for place in evidence.windows.indices where evidence.windows[place] > parameters.shortWindow {
      let cell = detail * evidence.windows.count + place
      guard let rule = rules[place], evidence.windowValid[cell] > 0 else { continue }
      let score = statistic(cell) / threshold(rule)
      if (best.change > 0 ? score : -score) > needed { return true }
    }
    return false
  }
}

extension Finding? {
  /// Takes what was found where nothing was found before.
  fileprivate mutating func take(_ next: Finding?) {
    if self == nil { self = next }
  }
}
