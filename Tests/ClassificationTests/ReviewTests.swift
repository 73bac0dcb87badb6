import Classification
import SeriesModel
import Testing

@Suite("Reviews of what was raised")
struct ReviewTests {
  private func episode(
    _ days: ClosedRange<Int32>, state: AnomalyState = .open, severity: Severity = .warning,
    type: AnomalyType = .drop, isAcknowledged: Bool = false, last: Int32? = nil,
    standing: Standing = .own
  ) -> Episode {
    Episode(
      direction: type.direction, type: type, severity: severity, state: state,
      isAcknowledged: isAcknowledged, startBucket: days.lowerBound, endBucket: days.upperBound,
      lastBucket: last ?? days.upperBound, observedSum: 30, expectedSum: 100,
      countedBuckets: Int32(days.count), score: 1.5, standing: standing)
  }

  private func held(
    _ number: UInt64, _ episode: Episode, metric: Int32 = 1, word: TransitionVerb? = nil
  ) -> HeldAnomaly {
    HeldAnomaly(
      id: AnomalyID(high: 1, low: number), metric: MetricID(metric), scope: .series,
      episode: episode, word: word)
  }

  private func borne(_ number: UInt64, _ episode: Episode, metric: Int32 = 1) -> BorneAnomaly {
    BorneAnomaly(
      id: AnomalyID(high: 1, low: number), metric: MetricID(metric), scope: .series,
      episode: episode)
  }

  @Test(
    "what is borne no more is withdrawn, and people are told if they knew",
    arguments: [
      (AnomalyState.open, Standing.own, AnomalyChangeKind.withdrawn as AnomalyChangeKind?),
      (.recovering, .own, .withdrawn), (.resolved, .own, .withdrawn), (.open, .joined, nil),
      (.open, .held, nil),
    ])
  func withdrawal(state: AnomalyState, standing: Standing, told: AnomalyChangeKind?) {
    let decisions = reviewDecisions(
      held: [held(1, episode(10...12, state: state, standing: standing))], borne: [])
    #expect(decisions.map(\.episode.state) == [.withdrawn])
    #expect(decisions.map(\.told) == [told])
    #expect(decisions.map(\.borne) == [nil])
  }

  @Test func `what is borne as it was is told to nobody`() {
    let same = episode(10...12)
    let decisions = reviewDecisions(held: [held(1, same)], borne: [borne(1, same)])
    #expect(decisions.map(\.told) == [nil])
    #expect(decisions.map(\.episode) == [same])
  }

  @Test(
    "other numbers are told when type or severity differ, while it lasts",
    arguments: [
      (AnomalyState.open, Severity.critical, AnomalyChangeKind.changed as AnomalyChangeKind?),
      (.open, .info, .changed), (.open, .warning, nil), (.resolved, .critical, nil),
    ])
  func numbers(state: AnomalyState, severity: Severity, told: AnomalyChangeKind?) {
    let after = episode(10...13, state: state, severity: severity)
    let decisions = reviewDecisions(
      held: [held(1, episode(10...12, state: state))], borne: [borne(1, after)])
    #expect(decisions.map(\.told) == [told])
    #expect(decisions.map(\.episode) == [after])
  }

  @Test func `an end and a new beginning are told`() {
    let over = episode(10...12, state: .resolved)
    let lasts = episode(10...12)
    #expect(
      reviewDecisions(held: [held(1, lasts)], borne: [borne(1, over)]).map(\.told) == [.resolved])
    #expect(
      reviewDecisions(held: [held(1, over)], borne: [borne(1, lasts)]).map(\.told) == [.reopened])
  }

  @Test func `what was withdrawn and is borne again goes on under its name`() {
    let gone = held(1, episode(10...12, state: .withdrawn))
    let decisions = reviewDecisions(held: [gone], borne: [borne(1, episode(10...12))])
    #expect(decisions.map(\.told) == [.reopened])
    #expect(decisions.map(\.id) == [gone.id])
    #expect(reviewDecisions(held: [gone], borne: []).map(\.told) == [nil])
  }

  @Test(
    "a beginning some buckets off is no other event",
    arguments: [
      (Int32(8), 1), (12, 1), (13, 2),
    ])
  func beginning(start: Int32, count: Int) {
    let decisions = reviewDecisions(
      held: [held(1, episode(10...12))], borne: [borne(2, episode(start...20))])
    #expect(decisions.count == count)
    #expect(decisions[0].id == AnomalyID(high: 1, low: 1))
    #expect(decisions.contains { $0.told == .opened } == (count == 2))
  }

  @Test func `another side or another metric is another event`() {
    let decisions = reviewDecisions(
      held: [held(1, episode(10...12))],
      borne: [
        borne(2, episode(10...12, type: .spike)), borne(3, episode(10...12), metric: 2),
      ])
    #expect(decisions.map(\.told) == [.withdrawn, .opened, .opened])
  }

  @Test func `what another one speaks for is opened in silence`() {
    let decisions = reviewDecisions(
      held: [], borne: [borne(1, episode(10...12, standing: .joined))])
    #expect(decisions.map(\.told) == [nil])
    #expect(decisions.map(\.isHeld) == [false])
  }

  @Test func `a dismissal stands whether the evidence bears the anomaly or not`() {
    let dismissed = held(1, episode(10...12, state: .dismissed), word: .dismiss)
    let decisions = reviewDecisions(held: [dismissed], borne: [borne(1, episode(10...14))])
    #expect(decisions.map(\.episode.state) == [.dismissed])
    #expect(decisions.map(\.episode.endBucket) == [14])
    #expect(decisions.map(\.told) == [nil])
    let gone = reviewDecisions(held: [dismissed], borne: [])
    #expect(gone.map(\.episode) == [dismissed.episode])
    #expect(gone.map(\.told) == [nil])
  }

  @Test func `what somebody took on stays theirs, and is ended rather than unmade`() {
    let taken = held(
      1, episode(10...12, state: .acknowledged, isAcknowledged: true), word: .acknowledge)
    let decisions = reviewDecisions(held: [taken], borne: [borne(1, episode(10...14))])
    #expect(decisions.map(\.episode.state) == [.acknowledged])
    #expect(decisions.map(\.told) == [nil])
    let gone = reviewDecisions(held: [taken], borne: [])
    #expect(gone.map(\.episode.state) == [.resolved])
    #expect(gone.map(\.episode.isAcknowledged) == [true])
    #expect(gone.map(\.told) == [.resolved])
  }

  @Test func `what a person ended stays so`() {
    let ended = held(1, episode(10...12, state: .resolved), word: .resolve)
    let decisions = reviewDecisions(held: [ended], borne: [borne(1, episode(10...14))])
    #expect(decisions.map(\.episode.state) == [.resolved])
    #expect(decisions.map(\.told) == [nil])
    #expect(reviewDecisions(held: [ended], borne: []).map(\.episode.state) == [.resolved])
  }

  @Test func `neither order of what is held nor of what is borne matters`() {
    let old = [held(1, episode(10...12)), held(2, episode(14...20)), held(3, episode(30...31))]
    let new = [borne(4, episode(11...15)), borne(3, episode(30...32)), borne(5, episode(16...18))]
    let decisions = reviewDecisions(held: old, borne: new)
    #expect(
      reviewDecisions(held: old.reversed(), borne: new.reversed()) == decisions)
    #expect(decisions.map(\.borne?.low) == [4, 5, 3])
  }

  @Test(
    "nothing that was raised is cut in two",
    arguments: [
      // Long over, over within the week in which another one would join it, lasting, in silence.
      (AnomalyState.resolved, Int32(40), Int32(100)), (.resolved, 92, 100), (.resolved, 93, 30),
      (.open, 31, 30), (.dismissed, 31, 30), (.withdrawn, 99, 100),
    ])
  func start(state: AnomalyState, last: Int32, expected: Int32) {
    let known = [episode(30...31, state: state, last: last)]
    #expect(reviewStart(changedFrom: 100, known: known, granularity: .day) == expected)
  }

  @Test func `what has lasted for too long is cut, and nothing is laid open for it`() {
    let known = [episode(10...99), episode(80...95, state: .resolved, last: 98)]
    func start(_ earliest: Int32) -> Int32 {
      reviewStart(changedFrom: 100, known: known, earliest: earliest, granularity: .day)
    }
    #expect(start(10) == 10)
    #expect(start(11) == 80)
    #expect(start(81) == 100)
  }

  @Test func `one that is cut lays the next one before it open`() {
    let known = [
      episode(90...95, state: .resolved, last: 102), episode(70...72, state: .resolved, last: 84),
      episode(40...42, state: .resolved, last: 50),
    ]
    #expect(reviewStart(changedFrom: 100, known: known, granularity: .day) == 70)
    #expect(reviewStart(changedFrom: 60, known: known, granularity: .day) == 60)
    #expect(reviewStart(changedFrom: 100, known: [], granularity: .day) == 100)
  }

  @Test func `the cause names what the calendar says now`() {
    #expect(
      Wording.reviewCause(.calendar, detail: "Founders'\nDay")
        == "Explained by the calendar: Founders' Day")
    #expect(Wording.reviewCause(.calendar, detail: "") == "The calendar was changed afterwards")
    #expect(
      Wording.reviewCause(.correction, detail: "") == "Points came late or were corrected")
  }
}
