import Classification
import Detection
import SeriesModel
import Testing

@Suite("What dismissals change")
struct DismissalRuleTests {
  let rule = DismissalRule()
  let past = DismissedAnomaly(type: .drop, endBucket: 100, magnitude: 1)

  private func required(
    _ type: AnomalyType = .drop, magnitude: Double = 1, in bucket: Int32 = 101,
    after dismissed: [DismissedAnomaly]
  ) -> Double {
    rule.requiredScore(
      for: type, magnitude: magnitude, in: bucket, .day, dismissed: dismissed)
  }

  @Test("one dismissal asks for half as much again, further ones for more, up to three times")
  func factor() {
    #expect(required(after: []) == 1)
    #expect(required(after: [past]) == 1.5)
    #expect(required(after: [past, past]) == 1.75)
    #expect(required(after: Array(repeating: past, count: 40)) == 3)
  }

  @Test(
    "only what is alike counts",
    arguments: [
      (AnomalyType.levelDown, 1.0, Int32(101), 1.5), (.spike, 1, 101, 1), (.plateau, 1, 101, 1),
      (.drop, 1.5, 101, 1.5), (.drop, 1.51, 101, 1), (.drop, 0.1, 101, 1.5),
      (.drop, 1, 280, 1.5), (.drop, 1, 281, 1),
    ])
  func alike(type: AnomalyType, magnitude: Double, bucket: Int32, expected: Double) {
    #expect(required(type, magnitude: magnitude, in: bucket, after: [past]) == expected)
  }

  @Test("another shape is like its own kind only")
  func neither() {
    let plateau = DismissedAnomaly(type: .plateau, endBucket: 100, magnitude: 1)
    #expect(required(.plateau, after: [plateau]) == 1.5)
    #expect(required(.seasonalChange, after: [plateau]) == 1)
  }

  @Test("a finding below the bar opens nothing, one above it does, and what lasts goes on")
  func merging() {
    func decision(_ score: Double, episode: Episode? = nil) -> MergeDecision {
      var row = JudgedRow.out(101, observed: 40)
      row.finding?.score = score
      return mergeDecision(
        row: row, direction: .down, episode: episode, traits: SeriesTraits(.fixture()),
        dismissed: [past])
    }
    #expect(decision(1.4).action == .nothing)
    #expect(decision(1.4).reason == .likeDismissed)
    #expect(decision(1.5).action == .open)
    let open = Episode(
      direction: .down, type: .drop, severity: .info, state: .open, startBucket: 100,
      endBucket: 100, lastBucket: 100, observedSum: 40, expectedSum: 100, countedBuckets: 1,
      score: 1)
    #expect(decision(1.4, episode: open).action != .nothing)
  }
}
