import Baselines
import Classification
import Detection
import SeriesModel
import Testing

@Suite("One anomaly for one real event")
struct IncidentTests {
  @Test("three base metrics at once are the customer as a whole, told once")
  func wideAtOnce() throws {
    var house = House()
    #expect(house.judge(10, out: [1: 40, 2: 30, 3: 50, 7: 40, 8: 60]) == [0: .opened])
    let incident = try #require(house.incidents.first)
    #expect(incident.baseMetrics.map(\.number) == [1, 2, 3])
    #expect(incident.derivedMetrics.map(\.number) == [7, 8])
    #expect(house.judge(11, out: [1: 40, 2: 30, 3: 50, 4: 30]).isEmpty)
    #expect(house.judge(12).isEmpty)
    #expect(house.judge(13).isEmpty)
    // Over when all are, and told as one.
    #expect(house.judge(14) == [0: .resolved])
    #expect(house.incidents.first?.wide?.durationBuckets == 2)
  }

  /// Three metrics at a third for six days, after which their levels follow.
  private func lowered() -> House {
    var house = House()
    let fall: [Int32: Double] = [1: 33, 2: 33, 3: 33]
    for day in 10...14 as ClosedRange<Int32> { house.judge(day, out: fall) }
    house.followed = [1, 2, 3]
    house.judge(15, out: fall)
    house.followed = []
    house.levels = fall
    return house
  }

  private func down(_ house: House) -> Episode? {
    house.incidents.first { $0.direction == .down }?.wide
  }

  @Test("a customer at a new level goes on as a whole, until that is normal")
  func wideAtNewLevel() throws {
    var house = lowered()
    for day in 16...19 as ClosedRange<Int32> { house.judge(day) }
    let wide = try #require(down(house))
    #expect(wide.state == .open)
    #expect(wide.durationBuckets == 10)
    #expect((wide.actualValue - 33).magnitude < 1)
    for day in 20...21 as ClosedRange<Int32> { house.judge(day) }
    #expect(down(house)?.state == .resolved)
  }

  @Test("a customer that comes back from a new level recovers as a whole")
  func wideComesBack() {
    var house = lowered()
    house.judge(16)
    for day in 17...18 as ClosedRange<Int32> { house.judge(day, out: [1: 98, 2: 97, 3: 99]) }
    #expect(down(house)?.state == .recovering)
    #expect(down(house)?.endBucket == 16)
  }

  @Test("one or two base metrics each speak for themselves, and derived ones add nothing")
  func fewAtOnce() {
    var house = House()
    #expect(house.judge(10, out: [1: 40, 2: 30, 7: 40, 8: 60]) == [1: .opened, 2: .opened])
    #expect(house.last.settled.map(\.outcome) == [.opened, .opened, .joined, .joined])
    // A derived metric that follows within six days is no news either.
    #expect(house.judge(16, out: [7: 30])[7] == nil)
  }

  @Test("derived metrics alone: only the best of them opens")
  func derivedAlone() {
    var house = House()
    #expect(house.judge(10, out: [7: 40, 8: 60]) == [8: .opened])
    for day in 11..<30 { house.judge(Int32(day)) }
    #expect(house.judge(30, out: [7: 40]) == [7: .opened])
  }

  @Test("what grows to three base metrics goes on as the customer as a whole, in the first thread")
  func grows() {
    var house = House()
    #expect(house.judge(10, out: [1: 40]) == [1: .opened])
    let second = house.judge(11, out: [1: 40, 2: 30])
    #expect(second[2] == .opened && second[0] == nil)
    #expect(house.judge(12, out: [1: 40, 2: 30, 3: 20]) == [0: .changed])
    #expect(house.last.wide.first?.takesOverLeader == true)
    #expect(house.incidents.first?.wide?.startBucket == 10)
    #expect(house.episodes[MetricID(1)]?[.down]?.standing == .joined)
  }

  @Test("growth after the first has ended is told as begun again")
  func growsAfterTheEnd() {
    var house = House()
    house.judge(10, out: [1: 40])
    for day in 11...13 { house.judge(Int32(day)) }
    #expect(house.episodes[MetricID(1)]?[.down]?.state == .resolved)
    #expect(house.judge(15, out: [2: 40, 3: 30]) == [0: .reopened])
  }

  @Test("within six days of the last alarm is one incident, the seventh begins another")
  func window() {
    for (gap, isJoined) in [(6, true), (7, false)] as [(Int32, Bool)] {
      var house = House()
      house.judge(10, out: [1: 40, 2: 40])
      house.judge(11)
      house.judge(12)
      house.judge(13)
      let told = house.judge(10 + gap, out: [3: 40])
      #expect(told[0] == (isJoined ? .reopened : nil))
      #expect(told[3] == (isJoined ? nil : .opened))
    }
  }

  @Test("the other side is an incident of its own, and another shape joins nothing")
  func sides() {
    var house = House()
    #expect(house.judge(10, out: [1: 40, 2: 40, 3: 40]) == [0: .opened])
    let told = house.judge(
      11, out: [1: 300, 2: 40, 3: 40], kinds: [4: .plateau])
    #expect(told == [1: .opened, 4: .opened])
  }

  @Test("a first anomaly that was dismissed swallows nothing")
  func dismissedLeader() {
    var house = House()
    house.judge(10, out: [1: 40])
    house.episodes[MetricID(1)]?[.down]?.state = .dismissed
    let told = house.judge(11, out: [1: 40, 2: 40, 7: 40])
    #expect(told == [2: .opened])
  }

  @Test("a platform event holds what it explains, and what outlasts it is raised")
  func held() {
    var house = House()
    #expect(house.judge(10, out: [1: 40, 2: 40, 3: 40], outageSince: 10).isEmpty)
    #expect(house.last.settled.allSatisfy { $0.outcome == .held })
    #expect(house.judge(11, out: [1: 40, 4: 40]).isEmpty)
    #expect(house.judge(12, out: [1: 40]).isEmpty)
    #expect(house.judge(13, out: [1: 40]) == [1: .opened])
    #expect(house.events.map(\.episode.state) == [.resolved])
  }

  @Test("every finding comes to exactly one thing, in whichever order the series stand")
  func conservation() {
    var random = SplitMix(seed: 7)
    for _ in 0..<40 {
      var forwards = House()
      var backwards = House()
      backwards.metrics.reverse()
      for bucket in 10..<60 as Range<Int32> {
        var out: [Int32: Double] = [:]
        for number in 1...8 as ClosedRange<Int32> where random.next(6) == 0 {
          out[number] = random.next(3) == 0 ? 260 : 20 + Double(random.next(40))
        }
        let outage: Int32? = bucket == 30 || bucket == 31 ? 30 : nil
        let told = forwards.judge(bucket, out: out, outageSince: outage)
        #expect(told == backwards.judge(bucket, out: out, outageSince: outage))
        #expect(forwards.incidents.map(\.metrics) == backwards.incidents.map(\.metrics))
        #expect(forwards.incidents.map(\.wide) == backwards.incidents.map(\.wide))
        let decided = Set(forwards.last.settled.map { forwards.metrics[$0.made.row].id.number })
        // A finding that leaves no decision is an echo of what is over; there are none here.
        #expect(decided.isSuperset(of: out.keys))
        for settled in forwards.last.settled {
          let standing = settled.made.decision.episode?.standing
          switch settled.outcome {
          case .opened: #expect(standing == .own && settled.told != nil)
          case .joined: #expect(standing == .joined && settled.told == nil)
          case .held: #expect(standing == .held && settled.told == nil)
          case .update: #expect(settled.told == nil || standing == .own)
          }
        }
      }
    }
  }
}

@Suite("Platform events")
struct PlatformEventTests {
  private func rows(_ since: Int32?, effect: Double = -0.6) -> [CohortRow] {
    [CohortRow(cohort: "", effect: effect, outageSince: since, score: 2, members: 40)]
  }

  @Test("an event opens once, however many parts of a bucket look at it")
  func once() throws {
    let bucket = Bucket(.day, 10)
    let first = PlatformEvent.decisions(rows(10), in: bucket, known: [])
    #expect(first.map(\.told) == [.opened])
    let event = try #require(first.first?.event)
    #expect(PlatformEvent.decisions(rows(10), in: bucket, known: [event]).isEmpty)
  }

  @Test("it goes on while rows say so, ends after three quiet days, and may begin again")
  func life() throws {
    var event = try #require(
      PlatformEvent.decisions(rows(10), in: Bucket(.day, 10), known: []).first?.event)
    var told: [AnomalyChangeKind?] = []
    for day in 11...16 as ClosedRange<Int32> {
      let since: Int32? = day == 11 || day == 16 ? 10 : nil
      for decision in PlatformEvent.decisions(rows(since), in: Bucket(.day, day), known: [event]) {
        event = decision.event
        told.append(decision.told)
      }
    }
    #expect(told == [nil, .resolved, .reopened])
    #expect(event.episode.endBucket == 16)
    #expect(event.episode.type == .platformOutage)
  }

  @Test("it is never information only")
  func severity() {
    let small = PlatformEvent.decisions(rows(10, effect: -0.5), in: Bucket(.day, 10), known: [])
    let large = PlatformEvent.decisions(rows(10, effect: -3), in: Bucket(.day, 10), known: [])
    #expect(small.first?.event.episode.severity == .warning)
    #expect(large.first?.event.episode.severity == .critical)
  }
}

/// A small source of chance with a seed.
struct SplitMix {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next(_ bound: Int) -> Int {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return Int((mixed ^ mixed >> 31) % UInt64(bound))
  }
}
