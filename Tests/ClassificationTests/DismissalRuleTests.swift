import Classification
import Detection
import SeriesModel
import Testing

@Suite("What dismissals change")
struct DismissalRuleTests {
  let rule = DismissalRule()
  let past = DismissedAnomaly(
    type: .drop, endBucket: 100, durationBuckets: 2, magnitude: 1, score: 1.2)

  private func required(
    _ type: AnomalyType = .drop, magnitude: Double = 1, lasting buckets: Int64 = 1,
    in bucket: Int32 = 101, after dismissed: [DismissedAnomaly]
  ) -> Double {
    rule.requiredScore(
      for: DismissedAnomaly(
        type: type, endBucket: bucket, durationBuckets: buckets, magnitude: magnitude, score: 1),
      in: bucket, .day, dismissed: dismissed)
  }

  @Test("one dismissal asks for twice as clear, further ones for more, up to four times")
  func factor() {
    #expect(required(after: []) == 1)
    #expect(required(after: [past]) == 1.2 * 2)
    #expect(required(after: [past, past]) == 1.2 * 2.5)
    #expect(required(after: Array(repeating: past, count: 40)) == 1.2 * 4)
  }

  @Test("the clearest that was dismissed is the measure, and never less than the threshold")
  func clearest() {
    var clear = past
    clear.score = 3
    #expect(required(after: [past, clear]) == 3 * 2.5)
    var faint = past
    faint.score = 0.5
    #expect(required(after: [faint]) == 2)
  }

  @Test(
    "only what is alike counts",
    arguments: [
      (AnomalyType.levelDown, 1.0, Int64(1), Int32(101), true), (.spike, 1, 1, 101, false),
      (.plateau, 1, 1, 101, false), (.drop, 2, 1, 101, true), (.drop, 2.01, 1, 101, false),
      (.drop, 0.1, 1, 101, true), (.drop, 1, 6, 101, true), (.drop, 1, 7, 101, false),
      (.drop, 1, 1, 830, true), (.drop, 1, 1, 831, false),
    ])
  func alike(
    type: AnomalyType, magnitude: Double, lasting: Int64, bucket: Int32, isAlike: Bool
  ) {
    let found = required(
      type, magnitude: magnitude, lasting: lasting, in: bucket, after: [past])
    #expect(found == (isAlike ? 1.2 * 2 : 1))
  }

  @Test("what lasts a week longer than a long one is news", arguments: [(27, true), (28, false)])
  func longer(lasting: Int64, isAlike: Bool) {
    var long = past
    long.durationBuckets = 20
    #expect((required(lasting: lasting, after: [long]) > 1) == isAlike)
  }

  @Test("another shape is like its own kind only")
  func neither() {
    let plateau = DismissedAnomaly(
      type: .plateau, endBucket: 100, durationBuckets: 5, magnitude: 1, score: 1)
    #expect(required(.plateau, after: [plateau]) == 2)
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
    #expect(decision(2.3).action == .nothing)
    #expect(decision(2.3).reason == .likeDismissed)
    #expect(decision(2.5).action == .open)
    let open = Episode(
      direction: .down, type: .drop, severity: .info, state: .open, startBucket: 100,
      endBucket: 100, lastBucket: 100, observedSum: 40, expectedSum: 100, countedBuckets: 1,
      score: 1)
    #expect(decision(1.4, episode: open).action != .nothing)
  }
}
