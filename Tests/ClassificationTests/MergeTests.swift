import Baselines
import Classification
import Detection
import SeriesModel
import Testing

@Suite("Merging rows into anomalies")
struct MergeTests {
  @Test("a drop of five days is one anomaly that escalates, recovers and is resolved")
  func oneAnomalyForOneOccurrence() {
    var series = Follower()
    series.follow([.quiet(9)] + (10...14).map { .out($0) } + (15...18).map { .quiet($0) })
    #expect(
      series.actions == [
        .nothing, .open, .extend, .extend, .escalate, .extend, .startRecovering, .keepRecovering,
        .resolve, .nothing,
      ])
    #expect(series.episode?.durationBuckets == 5)
    #expect(series.episode?.actualValue == 30)
    #expect(series.episode?.baselineValue == 100)
    #expect(series.episode?.severity == .critical)
    #expect(series.decisions[8].reason == .calm)
  }

  @Test("a burst of one day ends as a one-off and was no more than its magnitude says")
  func oneOff() {
    var series = Follower()
    series.follow([.out(10, observed: 60), .quiet(11), .quiet(12), .quiet(13)])
    #expect(series.decisions.last?.reason == .oneOffOver)
    #expect(series.episode?.severity == .info)
    #expect(series.episode?.state == .resolved)
  }

  @Test("two quiet days do not end an anomaly that goes on")
  func resumes() {
    var series = Follower()
    series.follow([.out(10, observed: 15), .quiet(11), .quiet(12), .out(13, observed: 15)])
    #expect(series.actions == [.open, .startRecovering, .keepRecovering, .resume])
    #expect(series.episode?.state == .open)
    #expect(series.episode?.endBucket == 13)
    #expect(series.episode?.countedBuckets == 2)
  }

  @Test("what somebody took on stays so through a recovery")
  func acknowledgedResumes() {
    var series = Follower()
    series.follow([.out(10)])
    series.episode?.state = .acknowledged
    series.episode?.isAcknowledged = true
    series.follow([.quiet(11), .out(12)])
    #expect(series.episode?.state == .acknowledged)
  }

  @Test("an excursion within a week of the end joins, the day after that opens another")
  func joining() {
    func end(_ day: Int32) -> MergeDecision? {
      var series = Follower()
      series.follow((6...10).map { .out($0) } + (11..<day).map { .quiet($0) } + [.out(day)])
      return series.decisions.last
    }
    #expect(end(17)?.action == .reopen)
    #expect(end(17)?.episode?.startBucket == 6)
    #expect(end(18)?.action == .open)
    #expect(end(18)?.episode?.startBucket == 18)
  }

  @Test("single days that are days apart are not one occurrence")
  func sparseDays() {
    var series = Follower()
    for start: Int32 in [10, 15, 20] {
      series.follow([.out(start)] + (start + 1...start + 4).map { .quiet($0) })
    }
    // Two days of six are a third; three of eleven are not.
    #expect(series.actions.filter { $0 == .open }.count == 2)
    #expect(series.actions.filter { $0 == .reopen }.count == 1)
    #expect(series.episode?.startBucket == 20)
  }

  @Test("a rise counts as much as a fall, and a level near zero is not endless")
  func magnitudes() {
    func magnitude(_ observed: Double, _ expected: Double, _ kind: MetricKind) -> Double {
      Episode(
        direction: .up, type: .spike, severity: .info, state: .open, startBucket: 1, endBucket: 1,
        lastBucket: 1, observedSum: observed, expectedSum: expected, countedBuckets: 1, score: 1
      ).magnitude(kind)
    }
    #expect(abs(magnitude(1_000, 4_000, .money) - magnitude(4_000, 1_000, .money)) < 1e-9)
    #expect(magnitude(79, 0.06, .gauge) < 1.05)
    #expect(magnitude(21, -5, .gauge) == 1.05)
    #expect(magnitude(0, 0, .gauge) == 0)
    #expect(magnitude(0, 50, .money) == .infinity)
  }

  @Test("a long window that still holds what is over neither prolongs nor reopens it")
  func echo() {
    let late = (11...16).map { day in
      JudgedRow(
        bucket: day, observed: 97, expected: 100, z: -0.3,
        finding: Finding(
          row: 0, kind: .levelDown, startBucket: day - 6, endBucket: day, observed: 60,
          expected: 100, score: 1.2, logRatio: -0.5))
    }
    var series = Follower()
    series.follow([.out(10)] + late)
    #expect(series.episode?.state == .resolved)
    #expect(series.episode?.endBucket == 10)
    #expect(series.episode?.type == .drop)
    #expect(series.actions.suffix(3) == [.nothing, .nothing, .nothing])
    #expect(series.decisions.last?.reason == .echo)
  }

  @Test("a mild lasting change that only the long window sees goes on while it lasts")
  func slowShift() {
    let days = (10...16).map { day in
      JudgedRow(
        bucket: day, observed: 66, expected: 100, z: -1.6,
        finding: Finding(
          row: 0, kind: .levelDown, startBucket: day - 6, endBucket: day, observed: 65,
          expected: 100, score: 1.3, logRatio: -0.43))
    }
    var series = Follower()
    series.follow(days)
    #expect(series.actions.allSatisfy { [.open, .extend, .escalate].contains($0) })
    #expect(series.episode?.startBucket == 4)
    #expect(series.episode?.type == .levelDown)
  }

  @Test("a short drop that lasts becomes a lasting one, and never the other way")
  func becomesLasting() {
    var series = Follower()
    series.follow([
      .out(10, observed: 15), .out(11, observed: 15, kind: .levelDown, from: 5),
      .out(12, observed: 15),
    ])
    #expect(series.actions == [.open, .escalate, .extend])
    #expect(series.episode?.type == .levelDown)
  }

  @Test("severity does not fall while an anomaly lasts")
  func severityHolds() {
    var series = Follower()
    series.follow([.out(10, observed: 10)] + (11...13).map { .out($0, observed: 70) })
    #expect(series.episode?.severity == .critical)
    #expect(series.actions == [.open, .extend, .extend, .extend])
  }

  @Test("a bucket without a value changes nothing")
  func missing() {
    var series = Follower()
    series.follow([
      .out(10), .quiet(11), .quiet(12),
      JudgedRow(bucket: 13, flags: .missing, observed: .nan, expected: 100, z: 0),
    ])
    #expect(series.decisions.last?.reason == .missing)
    #expect(series.episode?.calmBuckets == 2)
    #expect(series.episode?.state == .recovering)
  }

  @Test("a spike does not touch the drop of the same series")
  func sidesAreApart() {
    var drop = Follower()
    var spike = Follower(direction: .up)
    let rows: [JudgedRow] = [.out(10), .out(11, observed: 400)]
    drop.follow(rows)
    spike.follow(rows)
    #expect(drop.actions == [.open, .startRecovering])
    #expect(spike.actions == [.nothing, .open])
  }

  @Test("what was dismissed goes on in silence, and a later excursion is a new anomaly")
  func dismissed() {
    var series = Follower()
    series.follow([.out(10)])
    series.episode?.state = .dismissed
    series.follow((11...13).map { .out($0) })
    #expect(series.actions == [.open, .extend, .extend, .extend])
    #expect(series.episode?.state == .dismissed)
    #expect(series.episode?.endBucket == 13)
    series.follow((14...25).map { .quiet($0) } + [.out(26)])
    #expect(series.actions.last == .open)
    #expect(series.episode?.startBucket == 26)
  }

  @Test("the same row twice changes the numbers once")
  func repeats() {
    var series = Follower()
    series.follow([.out(10), .out(11)])
    let before = series.episode
    series.follow([.out(11), .out(10), .quiet(9)])
    #expect(series.episode == before)
    #expect(series.actions.suffix(3) == [.nothing, .nothing, .nothing])
  }

  @Test("a correction of the only bucket withdraws, confirms or worsens")
  func corrections() {
    var gone = Follower()
    gone.follow([.out(10, revision: 0)])
    gone.follow([JudgedRow(bucket: 10, revision: 1, observed: 99, expected: 100, z: 0)])
    #expect(gone.actions == [.open, .withdraw])
    gone.follow([.out(10, revision: 2)])
    #expect(gone.actions.last == .reopen)

    var worse = Follower()
    worse.follow([.out(10, revision: 0), .out(10, observed: 5, revision: 1)])
    #expect(worse.actions == [.open, .escalate])
    #expect(worse.episode?.actualValue == 5)
    #expect(worse.episode?.countedBuckets == 1)
  }

  @Test("a fall to nothing of a count that was small is no catastrophe")
  func smallCounts() {
    var series = Follower()
    series.follow([
      JudgedRow(
        bucket: 10, observed: 0, expected: 1, z: -3,
        finding: Finding(
          row: 0, kind: .drop, startBucket: 10, endBucket: 10, observed: 0, expected: 1, score: 1,
          logRatio: -1.1))
    ])
    #expect(series.episode?.severity == .info)
  }

  @Test("values below zero have a magnitude and an end")
  func negativeValues() {
    var series = Follower(
      direction: .up, traits: SeriesTraits(.fixture(kind: .gauge, polarity: .downIsGood)))
    func row(_ bucket: Int32, _ observed: Double, fires: Bool) -> JudgedRow {
      JudgedRow(
        bucket: bucket, observed: observed, expected: -4, z: (observed + 4) / 5,
        finding: fires
          ? Finding(
            row: 0, kind: .spike, startBucket: bucket, endBucket: bucket, observed: observed,
            expected: -4, score: 2, logRatio: 0) : nil)
    }
    series.follow([row(1, 40, fires: true), row(2, -3, fires: true)])
    #expect(series.actions == [.open, .startRecovering])
    #expect(series.episode?.severity == .warning)
  }
}
