import Baselines
import Classification
import Detection
import SeriesModel
import Testing

@Suite("Causes, ranked")
struct CauseTests {
  private let logins = Metric.fixture(
    number: 2, name: "user_logins", unit: "logins", displayName: "User logins")

  /// A fall to a third that began on day 100.
  private func facts(_ type: AnomalyType = .drop, change: Double = -1.0986) -> CauseFacts {
    CauseFacts(type: type, metric: .fixture(), startBucket: 100, change: change)
  }

  @Test("where nothing is known, experience alone speaks")
  func typical() {
    let causes = rankedCauses(facts())
    #expect(causes.map(\.kind) == [.typical])
    #expect(causes.first?.strength == 0)
    #expect(Wording.possibleCause(causes) == "Integration issue or migration")
  }

  @Test(
    "a platform event explains as much as it took from all",
    arguments: [(-1.0986, 1.0, "100%"), (-0.5493, 0.5, "50%"), (-3, 1, "100%")])
  func outage(change: Double, strength: Double, share: String) throws {
    var facts = facts()
    facts.outages = [CauseFacts.Outage(cohort: "EU", since: 99, change: change)]
    let cause = try #require(rankedCauses(facts).first)
    #expect(cause.kind == .platformEvent)
    #expect((cause.strength - strength).magnitude < 1e-9)
    #expect(cause.sentence.hasPrefix("A platform event since 1970-04-10 took customers of EU down"))
    #expect(cause.sentence.hasSuffix(": \(share) of the change"))
    // It stands alone: what is outside the customer is not looked for inside.
    #expect(Wording.possibleCause(rankedCauses(facts)) == cause.sentence)
  }

  @Test("a platform event explains no rise")
  func outageOfRise() {
    var facts = facts(.spike, change: 1)
    facts.outages = [CauseFacts.Outage(cohort: "", since: 99, change: -1)]
    #expect(rankedCauses(facts).map(\.kind) == [.typical])
  }

  @Test("the figure that moved first leads, by how much and how long before")
  func leads() throws {
    var facts = facts()
    facts.companions = [
      CauseFacts.Companion(metric: logins, startBucket: 97, change: -0.6),
      CauseFacts.Companion(
        metric: .fixture(number: 3, name: "exports", displayName: "Exports"), startBucket: 100,
        change: -2),
      CauseFacts.Companion(
        metric: .fixture(number: 4, name: "errors", polarity: .downIsGood, displayName: "Errors"),
        startBucket: 99, change: 1.0986),
    ]
    let leads = rankedCauses(facts).filter { $0.kind == .leadingMetric }
    #expect(
      leads.map(\.sentence) == [
        "Errors rose first: 1 day before, by 200%", "User logins fell first: 3 days before, by 45%",
      ])
    #expect(leads.first?.strength == 1)
    let expected = 0.6 / 1.0986 * (1 - 2.0 / 14)
    #expect((try #require(leads.last).strength - expected).magnitude < 1e-9)
    #expect(
      Wording.possibleCause(rankedCauses(facts))
        == "Errors rose first: 1 day before, by 200%; integration issue or migration")
  }

  @Test(
    "what moved more than two weeks before, or later, leads nothing",
    arguments: [(86, 1), (85, 0), (101, 0)])
  func reach(start: Int32, count: Int) {
    var facts = facts()
    facts.companions = [CauseFacts.Companion(metric: logins, startBucket: start, change: -1)]
    #expect(rankedCauses(facts).count { $0.kind == .leadingMetric } == count)
  }

  @Test("a total leads none of what it is made of")
  func totals() {
    var facts = facts()
    facts.companions = [
      CauseFacts.Companion(
        metric: .fixture(number: 9, name: "events_total"), startBucket: 98, change: -1)
    ]
    #expect(rankedCauses(facts).map(\.kind) == [.typical])
  }

  private func part(_ number: Int32, _ observed: Double, of expected: Double) -> CauseFacts.Part {
    CauseFacts.Part(
      metric: .fixture(
        number: number, name: "feature_\(number)", displayName: "Feature \(number)"),
      observed: observed, expected: expected)
  }

  @Test("a total is explained by the feature that carries the change")
  func concentration() throws {
    var facts = CauseFacts(
      type: .drop, metric: .fixture(number: 9, name: "events_total"), startBucket: 100,
      change: -0.5)
    facts.parts = [part(1, 95, of: 100), part(2, 15, of: 60), part(3, 30, of: 30)]
    let cause = try #require(rankedCauses(facts).first)
    #expect(cause.kind == .concentration)
    #expect(cause.strength == 0.9)
    #expect(
      cause.sentence
        == "90% of what 3 figures of the customer lost is in feature 2: 45 of 50")
    facts.parts = [part(1, 50, of: 100), part(2, 15, of: 60), part(3, 3, of: 30)]
    #expect(rankedCauses(facts).map(\.kind) == [.typical])
    facts.parts = [part(1, 50, of: 100), part(2, 60, of: 60)]
    #expect(rankedCauses(facts).map(\.kind) == [.typical])
  }

  @Test("values that are missing beside it explain a fall, not a rise")
  func lateData() throws {
    var facts = facts()
    facts.seriesMissing = 3
    facts.seriesCount = 4
    let cause = try #require(rankedCauses(facts).first)
    #expect(cause.kind == .lateData)
    #expect(cause.strength == 0.75)
    #expect(
      cause.sentence
        == "Data may be late: 3 of 4 figures of the customer have no value for this day")
    facts.type = .spike
    #expect(rankedCauses(facts).map(\.kind) == [.typical])
    facts.type = .drop
    facts.recentGaps = 6
    #expect(
      rankedCauses(facts).first?.sentence
        == "Data may be late: 6 of the last 7 days have no value")
    // Who always leaves out so many days is not late.
    facts.formerGapShare = 0.5
    #expect(rankedCauses(facts).first?.strength == 0.75)
    facts.isProvisional = true
    #expect(rankedCauses(facts).first?.strength == 1)
  }

  @Test(
    "a known event explains the less the longer it is over",
    arguments: [(100, 1.0), (99, 0.5), (97, 0.25), (96, 0)])
  func occasions(end: Int32, strength: Double) {
    var facts = facts()
    facts.occasions = [CauseFacts.Occasion(name: "migration", startBucket: 90, endBucket: end)]
    let found = rankedCauses(facts).first { $0.kind == .knownEvent }
    #expect((found?.strength ?? 0) == strength)
  }

  @Test("a batch tells what stands beside an anomaly")
  func ofBatch() throws {
    let customer = Customer(id: CustomerID(high: 0, low: 1), externalID: "c1", region: "EU")
    let metrics = (1...4).map { number in
      Metric.fixture(
        number: Int32(number), name: "feature_\(number)", displayName: "Feature \(number)")
    }
    var batch = FindingsBatch(
      runID: ScanRunID(high: 0, low: 1), bucket: Bucket(.day, 100), revision: 1,
      modelVersion: "test", notify: true, customers: [customer], metrics: metrics)
    batch.customerIndex = [0, 0, 0, 0]
    batch.metricIndex = [0, 1, 2, 3]
    batch.flags = [[], [], [], .missing]
    batch.observed = [30, 99, 20, .nan]
    batch.expected = [100, 100, 40, 10]
    batch.z = [-7, 0, -4, 0]
    batch.evidenceHash = [1, 2, 3, 4]
    batch.findings = [
      Finding(
        row: 0, kind: .drop, startBucket: 100, endBucket: 100, observed: 30, expected: 100,
        score: 1.6, logRatio: -1.2),
      Finding(
        row: 2, kind: .levelDown, startBucket: 96, endBucket: 100, observed: 20, expected: 40,
        score: 1.6, logRatio: -0.69),
    ]
    let episode = Episode(
      direction: .down, type: .drop, severity: .warning, state: .open, startBucket: 100,
      endBucket: 100, lastBucket: 100, observedSum: 30, expectedSum: 100, countedBuckets: 1,
      score: 1.6)
    let known = [CauseFacts.Companion(metric: metrics[1], startBucket: 3, change: -2)]
    let facts = CauseFacts(batch, row: 0, episode: episode, known: known)
    #expect(facts.seriesMissing == 1)
    #expect(facts.seriesCount == 4)
    #expect(facts.parts.map(\.metric.id) == metrics.prefix(3).map(\.id))
    // What was long ago is none of it.
    #expect(facts.companions.map(\.metric.id) == [metrics[0].id, metrics[2].id])
    let causes = rankedCauses(facts)
    #expect(causes.map(\.kind) == [.leadingMetric, .concentration, .lateData, .typical])
    #expect(causes.first?.sentence == "Feature 3 fell first: 4 days before, by 50%")
  }
}
