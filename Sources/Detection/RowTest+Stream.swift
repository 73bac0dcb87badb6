import Baselines
import SeriesModel

/// The test of streams: how far they go beyond their own records.
extension RowTest {
  /// A stream goes further than it ever did.
  func stream<Log: DecisionLog>(_ log: inout Log) -> Finding? {
    let threshold = StreamParameters.standard.threshold * scale
    let score = evidence.streamScore[detail] / threshold
    let length = max(Int(evidence.streamLength[detail]), 1)
    let kind = streamKind
    log.begin(
      Trial(
        .stream, window: length, statistic: evidence.streamScore[detail], threshold: threshold))
    let isYoung = Int(evidence.age[row]) < parameters.warmUp
    let isNews = log.ask(.judged, kind != nil, .nan, .nan, isYoung ? .tooYoung : .notNow)
    guard isNews || Log.isComplete, log.ask(.beyondThreshold, score > 1, score, 1), let kind else {
      return nil
    }
    let newest = means(ringCells(min(length, EvidenceBatch.ringLength)))
    let observed = newest.count > 0 ? newest.observed : evidence.observed[row]
    let expected = evidence.expected[row]
    let change = WindowRule.change(
      sum: observed * Double(length), expected: expected * Double(length),
      deviation: evidence.deviation[row], valid: length, kind: metricKind)
    return finding(
      kind, length: length, observed: observed, expected: expected, score: score,
      logRatio: kind == .plateau ? 0 : change)
  }

  /// What the change comes to for people: what many values show is a level.
  private var streamKind: FindingKind? {
    let isLasting = Int(evidence.streamLength[detail]) > parameters.shortWindow
    switch evidence.streamChange[detail] {
    case .none: return nil
    case .up: return isLasting ? .levelUp : .spike
    case .down: return isLasting ? .levelDown : .drop
    case .unrest: return evidence.observed[row] < evidence.expected[row] ? .drop : .spike
    case .flat: return .plateau
    }
  }

  /// Adds the test if the row is one of a stream.
  func addStream(to results: inout [TestResult]) {
    guard evidence.bucket.granularity == .fiveMinutes else { return }
    let isDown = evidence.streamChange[detail] == .down
    add(
      .score, max(Int(evidence.streamLength[detail]), 1),
      isDown ? -evidence.streamScore[detail] : evidence.streamScore[detail],
      StreamParameters.standard.threshold * scale, to: &results)
  }
}
