import Baselines
import Classification
import Detection
import SeriesModel
import Testing

@Suite("A level that has followed")
struct NewLevelTests {
  /// Six days at a fifth; on the last of them the level is set anew.
  private func follower(observed: Double = 20, kind: FindingKind = .drop) -> Follower {
    var series = Follower()
    series.follow((10...14).map { .out($0, observed: observed, kind: kind, from: 10) })
    var last = JudgedRow.out(15, observed: observed, kind: .levelDown, from: 10)
    last.flags = .reanchored
    series.follow([last])
    return series
  }

  /// A day at the new level.
  private func inside(_ bucket: Int32, observed: Double = 21) -> JudgedRow {
    JudgedRow(bucket: bucket, observed: observed, expected: 20, z: 0.2)
  }

  @Test("a change goes on at its new level, with the values of its first days")
  func staysOpen() {
    var series = follower()
    series.follow((16...18).map { inside($0) })
    #expect(series.episode?.state == .open)
    #expect(series.episode?.durationBuckets == 9)
    #expect(series.episode?.baselineValue == 100)
    #expect(series.episode?.actualValue == 20)
    #expect(series.decisions.last?.reason == .newLevel)
  }

  @Test("it is normal after two rounds of what ends an anomaly")
  func becomesNormal() {
    var series = follower()
    series.follow((16...19).map { inside($0) })
    #expect(series.episode?.state == .open)
    series.follow([inside(20)])
    #expect(series.episode?.state == .resolved)
    #expect(series.decisions.last?.reason == .newNormal)
    #expect(series.episode?.endBucket == 20)
  }

  @Test("a series that comes back recovers as ever")
  func comesBack() {
    var series = follower()
    series.follow([inside(16), inside(17)])
    let back = (18...20).map { JudgedRow(bucket: $0, observed: 98, expected: 20, z: 8) }
    series.follow(back)
    #expect(series.decisions.last?.reason == .calm)
    #expect(series.actions.suffix(3) == [.startRecovering, .keepRecovering, .resolve])
    #expect(series.episode?.endBucket == 17)
  }

  @Test("a day below the new level is part of it")
  func fallsFurther() {
    var series = follower()
    series.follow([
      inside(16), JudgedRow(bucket: 17, observed: 2, expected: 20, z: -4), inside(18),
    ])
    #expect(series.episode?.state == .open)
    #expect(series.episode?.endBucket == 18)
  }

  @Test("a level that follows the other way changes nothing")
  func otherWay() {
    var series = Follower()
    series.follow([.out(10), .out(11)])
    series.follow([
      JudgedRow(bucket: 12, flags: .reanchored, observed: 300, expected: 100, z: 9)
    ])
    #expect(series.episode?.state == .recovering)
  }

  @Test("a count that is good news is abandoned after ten days under a quarter")
  func abandonment() {
    var series = follower()
    series.follow((16...18).map { inside($0) })
    #expect(series.episode?.type == .levelDown)
    series.follow([inside(19)])
    #expect(series.episode?.type == .abandonment)
    #expect(series.decisions.last?.action == .escalate)
    #expect(series.episode?.state == .open)
    var third = follower(observed: 33)
    third.follow((16...19).map { inside($0) })
    #expect(third.episode?.type == .levelDown)
    var errors = follower()
    errors.traits = SeriesTraits(.fixture(polarity: .downIsGood))
    errors.follow((16...19).map { inside($0) })
    #expect(errors.episode?.type == .levelDown)
  }
}
