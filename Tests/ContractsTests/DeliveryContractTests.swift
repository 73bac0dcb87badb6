import Alerting
import AnomalyContract
import DeliveryContract
import RPC
import SeriesContract
import SeriesModel
import Testing

@Suite("Notices and deliveries on the wire")
struct DeliveryContractTests {
  private func change() -> AnomalyChange {
    var customer = SeriesContract.Customer()
    customer.id = Array(1...16)
    customer.externalID = "c-81"
    customer.owner = "CSM East"
    var metric = SeriesContract.Metric()
    metric.id = 3
    metric.name = "departures"
    metric.displayName = "Departures"
    var airport = LabelPair()
    airport.name = "origin"
    airport.value = "JFK"
    metric.dimensions = [airport]
    metric.granularity = .week
    metric.kind = .count
    var anomaly = Anomaly()
    anomaly.id = Array(101...116)
    anomaly.customer = customer
    anomaly.metric = metric
    anomaly.type = .levelUp
    anomaly.severity = .warning
    anomaly.intent = .opportunity
    anomaly.state = .recovering
    anomaly.startBucket = -1
    anomaly.durationBuckets = 3
    anomaly.baselineValue = 10
    anomaly.actualValue = 25
    anomaly.actions = ["explore_expansion"]
    anomaly.revision = 4
    var change = AnomalyChange()
    change.kind = .changed
    change.anomaly = anomaly
    change.changedUnixUs = 77
    return change
  }

  @Test func `a change of the wire becomes a notice with all its labels`() throws {
    let wire = try AnomalyChange(wireBytes: change().wireBytes())
    let notice = try Notice(wire)
    #expect(notice.anomaly.wireBytes == Array(101...116))
    #expect(notice.anomaly.text == "65666768-696a-6b6c-6d6e-6f7071727374")
    #expect(notice.kind == .changed && notice.revision == 4)
    #expect(notice.metric == "departures{origin=JFK}")
    #expect(notice.metricName == "Departures (JFK)")
    #expect(notice.start.index == -1 && notice.granularity == .week)
    #expect(
      notice.labels == [
        "customer": "c-81", "customer_name": "", "segment": "", "region": "",
        "owner": "CSM East", "metric": "departures{origin=JFK}", "anomaly_type": "level_up",
        "metric_kind": "count", "direction": "up", "scope": "series", "severity": "warning",
        "intent": "opportunity", "state": "recovering", "granularity": "week",
      ])
  }

  @Test func `recent values survive the wire, and what is missing stays missing`() throws {
    var wire = change()
    var values = (0..<70).map { Double($0) }
    values[69] = .nan
    values[68] = -.infinity
    wire.anomaly?.setTrend(observed: values, expected: values.map { -$0 })
    #expect(wire.anomaly?.trendObserved.allSatisfy(\.isFinite) == true)
    let trend = try Notice(AnomalyChange(wireBytes: wire.wireBytes())).trend
    #expect(trend.count == 60)
    #expect(trend.first == TrendPoint(observed: 10, expected: -10))
    #expect(trend.suffix(3).map(\.observed) == [67, nil, nil])
    #expect(trend.last?.expected == nil)
    #expect(try Notice(change()).trend.isEmpty)
  }

  @Test func `recent values that are no pairs, too many or no numbers are refused`() {
    func refused(_ observed: [Double], _ expected: [Double]) -> Bool {
      var wire = change()
      wire.anomaly?.trendObserved = observed
      wire.anomaly?.trendExpected = expected
      do {
        _ = try Notice(wire)
        return false
      } catch {
        return error.code == .invalidArgument
      }
    }
    #expect(refused([1, 2], [1]))
    #expect(refused([.nan], [1]) && refused([1], [.infinity]))
    let many = [Double](repeating: 1, count: 61)
    #expect(refused(many, many) && !refused(many.dropLast(), many.dropLast()))
  }

  @Test(arguments: [1, 2, 3, 4, 5, 6] as [Int32])
  func `every kind of change has its word`(raw: Int32) throws {
    var wire = change()
    wire.kind = AnomalyChangeKind(rawValue: raw)
    #expect(try Notice(wire).kind.rawValue == Int(raw))
  }

  @Test func `a line of the log survives the wire`() throws {
    let record = DeliveryRecord(
      id: Array(1...16), anomaly: AnomalyReference(high: 1, low: 2), revision: 4,
      kind: .withdrawn, receiver: "pager", receiverKind: "pagerduty",
      deduplicationKey: "tm1:ab", status: .undeliverable, reason: "400: no",
      route: "{}", queuedUnixMicroseconds: 5, sentUnixMicroseconds: nil,
      tries: [
        DeliveryTry(
          startedUnixMicroseconds: 6, number: 1, answer: "400", latencyMicroseconds: 7,
          isFinal: true)
      ], customer: "c-81", summary: "a drop")
    let wire = try Delivery(wireBytes: Delivery(record).wireBytes())
    #expect(wire.id == Array(1...16) && wire.revision == 4 && wire.kind == .withdrawn)
    #expect(wire.anomalyID == AnomalyReference(high: 1, low: 2).wireBytes)
    #expect(wire.state == .undeliverable && wire.reason == "400: no")
    #expect(wire.sentUnixUs == 0 && wire.queuedUnixUs == 5)
    #expect(wire.attempts.map(\.latencyUs) == [7])
    #expect(wire.attempts.first?.final == true)
    for status in DeliveryStatus.allCases {
      let state = DeliveryState(rawValue: Int32(status.rawValue))
      #expect(try DeliveryStatus(state, field: "states") == status)
    }
    #expect(throws: RPCError.self) { try DeliveryStatus(.unspecified, field: "states") }
  }
}
