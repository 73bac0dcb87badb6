import Baselines
import SeriesModel
import Testing

@testable import Detection

@Suite("Inputs of decisions")
struct DecisionInputsTests {
  private static let names = ["calls", "revenue_actual", "revenue_forecast", "feature_a"]

  /// Three customers with four metrics each, on a day on which some of them are far off.
  private static func evidence() throws -> EvidenceBatch {
    let customers = (1...3).map { number in
      Customer(
        id: CustomerID(high: 0, low: UInt64(number)), externalID: "c\(number)",
        segment: number == 1 ? "small" : "large")
    }
    let metrics = names.enumerated().map { place, name in
      Metric(id: MetricID(Int32(place + 1)), name: name, granularity: .day, kind: .count)
    }
    var members: [ModelFold.Member] = []
    for customer in customers.indices {
      for metric in metrics.indices {
        members.append(
          ModelFold.Member(
            customer: customer, metric: metric,
            model: SeriesBaseline(kind: .count, granularity: .day), through: -1,
            silentThrough: -1))
      }
    }
    var fold = ModelFold(
      runID: ScanRunID(high: 1, low: 2), granularity: .day, ingestSequence: 1,
      customers: customers, metrics: metrics, members: members,
      sensitivity: [
        SensitivityRule(scope: .customer("c2"), scale: 1.5),
        SensitivityRule(scope: .segment("small"), scale: 0.5),
      ],
      rules: StaticRule.shipped + [
        StaticRule(
          name: "low", scope: .customer("c3"), metric: "calls", comparison: .below, threshold: 90)
      ])
    var last: EvidenceBatch?
    for bucket in 0..<90 as Range<Int32> {
      let cohorts = [
        CohortRow(cohort: ""), CohortRow(cohort: "large", shift: 0.01),
        CohortRow(cohort: "small", shift: -0.01),
      ]
      let (batches, _) = fold.advance(
        to: bucket,
        values: { place in
          let usual = Double(100 + (Int(bucket) * 7 + place * 13) % 11)
          return bucket == 89 && place % 4 < 2 ? usual * 0.3 : usual
        }, cohorts: cohorts)
      last = batches.first?.evidence
    }
    return try #require(last)
  }

  @Test func `an excerpt of all rows is the batch itself, column by column`() throws {
    let whole = try Self.evidence()
    #expect(whole.excerpt(ofRows: Array(0..<whole.count)) == whole)
  }

  @Test func `a row is decided from its inputs as it was among all, to the last number`() throws {
    let whole = try Self.evidence()
    let found = judge(whole, notify: true).findings.map(\.row)
    #expect(found.count >= 5)
    let inputs = try #require(whole.inputs(ofRows: found))
    for row in found {
      let customer = whole.customers[Int(whole.customerIndex[row])]
      let metric = whole.metrics[Int(whole.metricIndex[row])]
      let key = SeriesKey(customer.id, metric.id)
      let own = try #require(whole.inputs(ofRows: [row]))
      for part in [inputs, own] {
        let place = try #require(part.row(of: key))
        var wanted = decide(whole, row: row)
        wanted.finding?.row = place
        // As text, in which what is no number is equal to itself.
        #expect("\(decide(part, row: place))" == "\(wanted)")
      }
      #expect(own.customers == [customer])
      // Whoever is held against a forecast takes it along.
      #expect(own.count == (metric.name == "calls" ? 1 : Self.names.count))
    }
  }

  @Test func `nothing found needs no inputs`() throws {
    #expect(try Self.evidence().inputs(ofRows: []) == nil)
  }
}
