import Baselines
import SeriesModel

/// The tests that look at more than the sum of a window.
extension RowTest {
  private var shapes: ShapeRules { parameters.shapes }

  /// Whether the metric counts trouble: it is not taken up and not given up.
  private var countsTrouble: Bool {
    evidence.metrics[Int(evidence.metricIndex[row])].polarity == .downIsGood
  }

  /// Something is used that nobody used.
  func adoption<Log: DecisionLog>(_ log: inout Log) -> Finding? {
    let buckets = Int(evidence.adoptionBuckets[detail])
    let units = evidence.adoptionUnits[detail]
    log.begin(Trial(.adoption, window: 7, statistic: units, threshold: shapes.adoptionUnits))
    guard isAsked(&log) else { return nil }
    let hasTest = shapes.adoptionBuckets != .max
    guard log.ask(.judged, buckets > 0, .nan, .nan, hasTest ? .notNow : .noSuchTest) else {
      return nil
    }
    let isLong = log.ask(
      .longEnough, buckets >= shapes.adoptionBuckets, Double(buckets),
      Double(shapes.adoptionBuckets))
    let isAdoption = shapes.isAdoption(buckets: buckets, units: units)
    let isMuch = log.ask(
      .largeChange, isLong ? isAdoption : units >= shapes.adoptionUnits, units,
      shapes.adoptionUnits)
    guard isLong, isMuch else { return nil }
    return finding(
      .adoption, length: 7, observed: units / 7, expected: 0,
      score: min(units / (shapes.adoptionUnits * scale), 10), logRatio: 3)
  }

  /// Nothing comes any more where something always came.
  func silence<Log: DecisionLog>(_ log: inout Log) -> Finding? {
    let run = Int(evidence.zeroRun[detail])
    let surprise = evidence.silence[detail]
    let threshold = shapes.silence * scale
    let score = shapes.silenceScore(surprise, run: run, scale: scale)
    log.begin(Trial(.silence, window: run, statistic: surprise, threshold: threshold))
    guard isAsked(&log) else { return nil }
    guard
      log.ask(
        .judged, surprise > 0 && shapes.silence.isFinite, .nan, .nan, whyNot(shapes.silence))
    else { return nil }
    let isLong = log.ask(
      .longEnough, run >= shapes.silenceRun, Double(run), Double(shapes.silenceRun))
    let ratio = surprise / threshold
    let isBeyond = log.ask(.beyondThreshold, isLong ? score > 1 : ratio > 1, ratio, 1)
    guard isLong, isBeyond else { return nil }
    let usual = means(ringCells(min(run, EvidenceBatch.ringLength)))
    let expected = usual.count > 0 ? usual.expected : evidence.expected[row]
    return finding(
      .abandonment, length: run, observed: 0, expected: expected, score: score,
      logRatio: changeToNothing(expected, run))
  }

  /// Whether it is asked of the metric at all.
  private func isAsked<Log: DecisionLog>(_ log: inout Log) -> Bool {
    !countsTrouble || log.ask(.judged, false, .nan, .nan, .countsTrouble)
  }

  /// Why a test of the shape could not be made, as far as the row tells.
  private func whyNot(_ threshold: Double) -> Gate.Reason {
    if !threshold.isFinite { return .noSuchTest }
    return Int(evidence.age[row]) < parameters.warmUp ? .tooYoung : .notNow
  }

  private func changeToNothing(_ expected: Double, _ run: Int) -> Double {
    WindowRule.change(
      sum: 0, expected: expected * Double(run), deviation: evidence.deviation[row],
      valid: run, kind: metricKind)
  }

  /// A customer that acts now and then is likely to have left, or to do less than half.
  func leaving<Log: DecisionLog>(_ log: inout Log) -> Finding? {
    guard let rule = parameters.leaving else { return nil }
    let run = Int(evidence.zeroRun[detail])
    let risk = evidence.risk[detail]
    // Infinite before there are enough, so that nothing passes it.
    let threshold = rule.threshold(silentBuckets: run, scale: scale)
    let score = risk / threshold
    log.begin(Trial(.leaving, window: run, statistic: risk, threshold: threshold))
    guard log.ask(.judged, risk > 0, .nan, .nan, .notNow) else { return nil }
    let isLong = log.ask(
      .longEnough, threshold.isFinite, Double(run), Double(rule.silentBuckets))
    guard log.ask(.beyondThreshold, score > 1, score, 1), isLong else { return nil }
    let expected = evidence.expected[row]
    return finding(
      .abandonment, length: run, observed: 0, expected: expected, score: min(score, 10),
      logRatio: changeToNothing(expected, run))
  }

  /// Less and less over weeks.
  func decline<Log: DecisionLog>(_ log: inout Log) -> Finding? {
    let drift = evidence.drift[detail]
    let deviation = evidence.driftDeviation[detail]
    let score = shapes.declineScore(drift, deviation: deviation, scale: scale)
    let statistic = deviation > 0 ? drift / deviation : 0
    let threshold = shapes.decline * scale
    log.begin(
      Trial(.decline, window: 56, statistic: statistic, threshold: threshold, change: drift))
    guard log.ask(.judged, deviation > 0, .nan, .nan, whyNot(shapes.decline)) else { return nil }
    let isLarge = log.ask(
      .largeEffect, drift < -shapes.declineEffect, -drift, shapes.declineEffect)
    let ratio = -statistic / threshold
    let isBeyond = log.ask(.beyondThreshold, isLarge ? score > 1 : ratio > 1, ratio, 1)
    guard isLarge, isBeyond else { return nil }
    let week = means(ringCells(7))
    let observed = week.count > 0 ? week.observed : evidence.observed[row]
    // The drift leads from what was usual to the last three weeks, which lie below the level.
    let weeks = means(ringCells(21))
    let recent = weeks.count > 0 ? weeks.observed : evidence.expected[row]
    return finding(
      .gradualDecline, length: 57, observed: observed, expected: recent * exponential(-drift),
      score: score, logRatio: drift)
  }

  /// The week is spread in another way.
  func season<Log: DecisionLog>(_ log: inout Log) -> Finding? {
    let effect = evidence.seasonEffect[detail]
    let distance = evidence.seasonDistance[detail]
    let score = shapes.seasonScore(distance, effect: effect, scale: scale)
    let threshold = shapes.season * scale
    log.begin(
      Trial(.season, window: 21, statistic: distance, threshold: threshold, change: effect))
    guard log.ask(.judged, distance > 0, .nan, .nan, whyNot(shapes.season)) else { return nil }
    let isLarge = log.ask(.largeEffect, effect > shapes.seasonEffect, effect, shapes.seasonEffect)
    let ratio = distance / threshold
    let isBeyond = log.ask(.beyondThreshold, isLarge ? score > 1 : ratio > 1, ratio, 1)
    guard isLarge, isBeyond else { return nil }
    let weeks = means(ringCells(21))
    return finding(
      .seasonalChange, length: 15, observed: weeks.observed, expected: weeks.expected,
      score: score, logRatio: effect)
  }

  /// The same value again and again, or a ceiling.
  func plateau<Log: DecisionLog>(_ log: inout Log) -> Finding? {
    let run = Int(evidence.tieRun[detail])
    let surprise = evidence.tieSurprise[detail]
    let score = shapes.plateauScore(
      surprise, run: run, capExcess: Int(evidence.capExcess[detail]), scale: scale)
    let threshold = shapes.plateau * scale
    log.begin(Trial(.plateau, window: run, statistic: surprise, threshold: threshold))
    guard
      log.ask(
        .judged, run > 0 && shapes.plateau.isFinite || score > 1, .nan, .nan, whyNot(shapes.plateau)
      )
    else {
      return nil
    }
    let isLong = log.ask(
      .longEnough, run >= shapes.plateauRun || score > 1, Double(run), Double(shapes.plateauRun))
    let ratio = isLong ? score : surprise / threshold
    guard log.ask(.beyondThreshold, ratio > 1, ratio, 1), isLong else { return nil }
    let length = max(run + 1, 5)
    return finding(
      .plateau, length: length, observed: evidence.observed[row],
      expected: evidence.expected[row], score: score, logRatio: 0)
  }

  /// A departure whose values are all the same is no spike and no drop: the values stand still,
  /// and are out of the ordinary because the season does not.
  func standstill<Log: DecisionLog>(hasDeparted: Bool, _ log: inout Log) -> Finding? {
    let run = Int(evidence.tieRun[detail])
    let surprise = evidence.tieSurprise[detail]
    log.begin(
      Trial(
        .standstill, window: run, statistic: surprise, threshold: shapes.standstill * scale))
    guard
      log.ask(.judged, shapes.plateau.isFinite, .nan, .nan, .noSuchTest),
      log.ask(.departed, hasDeparted), log.ask(.longEnough, run >= 2, Double(run), 2),
      log.ask(
        .beyondThreshold, surprise > shapes.standstill * scale,
        surprise / (shapes.standstill * scale), 1)
    else { return nil }
    return finding(
      .plateau, length: run + 1, observed: evidence.observed[row],
      expected: evidence.expected[row], score: max(1, surprise / (shapes.plateau * scale)),
      logRatio: 0)
  }

  /// The newest cells of the row's ring.
  func ringCells(_ count: Int) -> ClosedRange<Int> {
    let newest = (detail + 1) * EvidenceBatch.ringLength - 1
    return newest - count + 1...newest
  }

  /// Adds the tests that could be made of the row, fired or not.
  func addShapes(to results: inout [TestResult]) {
    let deviation = evidence.driftDeviation[detail]
    if deviation > 0, shapes.decline.isFinite {
      add(.decline, 56, evidence.drift[detail] / deviation, shapes.decline * scale, to: &results)
    }
    if evidence.seasonDistance[detail] > 0, shapes.season.isFinite {
      add(.seasonal, 21, evidence.seasonDistance[detail], shapes.season * scale, to: &results)
    }
    if evidence.silence[detail] > 0, shapes.silence.isFinite {
      add(
        .silence, Int(evidence.zeroRun[detail]), evidence.silence[detail], shapes.silence * scale,
        to: &results)
    }
    if let rule = parameters.leaving, evidence.risk[detail] > 0 {
      let run = Int(evidence.zeroRun[detail])
      add(
        .silence, run, evidence.risk[detail], rule.threshold(silentBuckets: run, scale: scale),
        to: &results)
    }
    if evidence.tieRun[detail] > 0, shapes.plateau.isFinite {
      add(
        .plateau, Int(evidence.tieRun[detail]), evidence.tieSurprise[detail],
        shapes.plateau * scale, to: &results)
    }
    if evidence.adoptionBuckets[detail] > 0 {
      add(.adoption, 7, evidence.adoptionUnits[detail], shapes.adoptionUnits * scale, to: &results)
    }
  }
}
