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
  func adoption() -> Finding? {
    guard !countsTrouble else { return nil }
    let buckets = Int(evidence.adoptionBuckets[row])
    let units = evidence.adoptionUnits[row]
    guard shapes.isAdoption(buckets: buckets, units: units) else { return nil }
    return finding(
      .adoption, length: 7, observed: units / 7, expected: 0,
      score: min(units / (shapes.adoptionUnits * scale), 10), logRatio: 3)
  }

  /// Nothing comes any more where something always came.
  func silence() -> Finding? {
    guard !countsTrouble else { return nil }
    let run = Int(evidence.zeroRun[row])
    let score = shapes.silenceScore(evidence.silence[row], run: run, scale: scale)
    guard score > 1 else { return nil }
    let usual = means(ringCells(min(run, EvidenceBatch.ringLength)))
    let expected = usual.count > 0 ? usual.expected : evidence.expected[row]
    return finding(
      .abandonment, length: run, observed: 0, expected: expected, score: score,
      logRatio: WindowRule.change(
        sum: 0, expected: expected * Double(run), deviation: evidence.deviation[row],
        valid: run, kind: metricKind))
  }

  /// A customer that acts now and then is likely to have left, or to do less than half.
  func leaving() -> Finding? {
    guard let rule = parameters.leaving else { return nil }
    let run = Int(evidence.zeroRun[row])
    let score = evidence.risk[row] / rule.threshold(silentBuckets: run, scale: scale)
    guard score > 1 else { return nil }
    let expected = evidence.expected[row]
    return finding(
      .abandonment, length: run, observed: 0, expected: expected, score: min(score, 10),
      logRatio: WindowRule.change(
        sum: 0, expected: expected * Double(run), deviation: evidence.deviation[row],
        valid: run, kind: metricKind))
  }

  /// Less and less over weeks.
  func decline() -> Finding? {
    let drift = evidence.drift[row]
    let score = shapes.declineScore(
      drift, deviation: evidence.driftDeviation[row], scale: scale)
    guard score > 1 else { return nil }
    let week = means(ringCells(7))
    let observed = week.count > 0 ? week.observed : evidence.observed[row]
    let level = week.count > 0 ? week.expected : evidence.expected[row]
    return finding(
      .gradualDecline, length: 57, observed: observed, expected: level * exponential(-drift),
      score: score, logRatio: drift)
  }

  /// The week is spread in another way.
  func season() -> Finding? {
    let effect = evidence.seasonEffect[row]
    let score = shapes.seasonScore(evidence.seasonDistance[row], effect: effect, scale: scale)
    guard score > 1 else { return nil }
    let weeks = means(ringCells(21))
    return finding(
      .seasonalChange, length: 15, observed: weeks.observed, expected: weeks.expected,
      score: score, logRatio: effect)
  }

  /// The same value again and again, or a ceiling.
  func plateau() -> Finding? {
    let run = Int(evidence.tieRun[row])
    let score = shapes.plateauScore(
      evidence.tieSurprise[row], run: run, capExcess: Int(evidence.capExcess[row]),
      scale: scale)
    guard score > 1 else { return nil }
    let length = max(run + 1, 5)
    return finding(
      .plateau, length: length, observed: evidence.observed[row],
      expected: evidence.expected[row], score: score, logRatio: 0)
  }

  /// A departure whose values are all the same is no spike and no drop: the values stand still,
  /// and are out of the ordinary because the season does not.
  func standstill() -> Finding? {
    guard shapes.plateau.isFinite, evidence.tieRun[row] >= 2,
      evidence.tieSurprise[row] > shapes.standstill * scale
    else { return nil }
    return finding(
      .plateau, length: Int(evidence.tieRun[row]) + 1, observed: evidence.observed[row],
      expected: evidence.expected[row],
      score: max(1, evidence.tieSurprise[row] / (shapes.plateau * scale)), logRatio: 0)
  }

  /// The newest cells of the row's ring.
  func ringCells(_ count: Int) -> ClosedRange<Int> {
    let newest = (row + 1) * EvidenceBatch.ringLength - 1
    return newest - count + 1...newest
  }

  /// Adds the tests that could be made of the row, fired or not.
  func addShapes(to results: inout [TestResult]) {
    let deviation = evidence.driftDeviation[row]
    if deviation > 0, shapes.decline.isFinite {
      add(.decline, 56, evidence.drift[row] / deviation, shapes.decline * scale, to: &results)
    }
    if evidence.seasonDistance[row] > 0, shapes.season.isFinite {
      add(.seasonal, 21, evidence.seasonDistance[row], shapes.season * scale, to: &results)
    }
    if evidence.silence[row] > 0, shapes.silence.isFinite {
      add(
        .silence, Int(evidence.zeroRun[row]), evidence.silence[row], shapes.silence * scale,
        to: &results)
    }
    if let rule = parameters.leaving, evidence.risk[row] > 0 {
      let run = Int(evidence.zeroRun[row])
      add(
        .silence, run, evidence.risk[row], rule.threshold(silentBuckets: run, scale: scale),
        to: &results)
    }
    if evidence.tieRun[row] > 0, shapes.plateau.isFinite {
      add(
        .plateau, Int(evidence.tieRun[row]), evidence.tieSurprise[row],
        shapes.plateau * scale, to: &results)
    }
    if evidence.adoptionBuckets[row] > 0 {
      add(.adoption, 7, evidence.adoptionUnits[row], shapes.adoptionUnits * scale, to: &results)
    }
  }
}
