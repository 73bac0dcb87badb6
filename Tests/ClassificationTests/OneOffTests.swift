import Classification
import Detection
import SeriesModel
import Testing

@Suite("One bucket alone")
struct OneOffTests {
  /// One day of a size that was over on the next, long enough ago to be over.
  private func follower(_ observed: Double) -> Follower {
    var series = Follower()
    series.follow([.out(10, observed: observed)] + (11...13).map { .quiet($0) })
    #expect(series.decisions.last?.reason == .oneOffOver)
    return series
  }

  @Test("one like an earlier one is no news, up to a quarter larger", arguments: [30.0, 26, 60])
  func held(observed: Double) {
    var series = follower(30)
    series.follow([.out(40, observed: observed)])
    #expect(series.decisions.last?.action == .nothing)
    #expect(series.decisions.last?.reason == .likeOneOff)
    #expect(series.episode?.endBucket == 10)
  }

  @Test("a larger one is told") func larger() {
    var series = follower(40)
    series.follow([.out(40, observed: 30)])
    #expect(series.decisions.last?.action == .open)
  }

  @Test("what goes on is told from its first bucket on") func goesOn() {
    var series = follower(30)
    series.follow([.out(40), .out(41, from: 40)])
    #expect(series.actions.suffix(2) == [.nothing, .open])
    #expect(series.episode?.startBucket == 40)
    #expect(series.episode?.durationBuckets == 2)
  }

  @Test("what is critical already is told at once") func critical() {
    var series = follower(4)
    series.follow([.out(40, observed: 4)])
    #expect(series.decisions.last?.action == .open)
    #expect(series.episode?.severity == .critical)
  }

  @Test("after something that lasted a single bucket is told") func afterLasting() {
    var series = Follower()
    series.follow([.out(10), .out(11)] + (12...14).map { .quiet($0) } + [.out(40)])
    #expect(series.decisions.last?.action == .open)
  }

  @Test("what people set a rule for is told") func rules() {
    var series = follower(30)
    var row = JudgedRow.out(40)
    row.finding?.rule = "logins_low"
    series.follow([row])
    #expect(series.decisions.last?.action == .open)
  }

  @Test("it counts for half a year", arguments: [(190, false), (191, true)])
  func expires(day: Int32, isTold: Bool) {
    var series = follower(30)
    series.follow([.out(day)])
    #expect((series.decisions.last?.action == .open) == isTold)
  }
}
