import Baselines
import Classification
import Detection
import SeriesModel

/// One customer whose series are judged bucket by bucket, as a replay does it.
struct House {
  static let bases = (1...6).map { Metric.fixture(number: Int32($0), name: "feature_\($0)") }
  static let total = Metric.fixture(number: 7, name: "events_total")
  static let health = Metric.fixture(number: 8, name: "health_score", kind: .gauge)
  static let all = bases + [total, health]

  var metrics = House.all
  var episodes: [MetricID: [Direction: Episode]] = [:]
  var incidents: [Incident] = []
  var events: [PlatformEvent] = []
  var last = CustomerSettlement()
  /// What is expected of each metric; 100 where nothing is said.
  var levels: [Int32: Double] = [:]
  /// The metrics whose level is set anew at the bucket.
  var followed: Set<Int32> = []

  /// A batch in which the metrics of these numbers are out of the ordinary.
  func batch(_ bucket: Int32, _ out: [Int32: Double], kinds: [Int32: FindingKind]) -> FindingsBatch
  {
    var batch = FindingsBatch(
      runID: ScanRunID(high: 1, low: 1), bucket: Bucket(.day, bucket), revision: 1,
      modelVersion: "test", notify: true,
      customers: [
        Customer(id: CustomerID(high: 1, low: 1), externalID: "c1", segment: "large")
      ], metrics: metrics)
    for (row, metric) in metrics.enumerated() {
      let level = levels[metric.id.number] ?? 100
      let observed = out[metric.id.number] ?? level
      batch.customerIndex.append(0)
      batch.metricIndex.append(UInt32(row))
      batch.flags.append(followed.contains(metric.id.number) ? .reanchored : [])
      batch.observed.append(observed)
      batch.expected.append(level)
      batch.z.append((observed - level) / 10)
      batch.evidenceHash.append(UInt64(row))
      guard observed != level || kinds[metric.id.number] != nil else { continue }
      batch.findings.append(
        Finding(
          row: row, kind: kinds[metric.id.number] ?? (observed < level ? .drop : .spike),
          startBucket: bucket, endBucket: bucket, observed: observed, expected: level,
          score: 1 + Double(metric.id.number) / 10, logRatio: observed < level ? -1 : 1))
    }
    return batch
  }

  /// Judges a bucket; gives what people hear of, by metric, the customer as a whole being 0.
  @discardableResult
  mutating func judge(
    _ bucket: Int32, out: [Int32: Double] = [:], kinds: [Int32: FindingKind] = [:],
    outageSince: Int32? = nil
  ) -> [Int32: AnomalyChangeKind] {
    var findings = batch(bucket, out, kinds: kinds)
    findings.cohorts = [
      CohortRow(cohort: "", effect: -1, outageSince: outageSince, score: 3, members: 50)
    ]
    for decision in PlatformEvent.decisions(
      findings.cohorts, in: findings.bucket, known: events)
    {
      events.removeAll { $0.since == decision.event.since }
      events.append(decision.event)
    }
    let decisions = BatchMerging(findings, rules: .quick).decisions(
      rows: Array(metrics.indices),
      followed: {
        Set(episodes[metrics[$0].id]?.filter { $0.value.state.isActive }.keys ?? [:].keys)
      },
      episode: { episodes[metrics[$0].id]?[$1] })
    last = CustomerMerging(findings, rules: .quick).settle(
      rows: Array(metrics.indices), decisions: decisions, incidents: incidents,
      leader: { episodes[$0.leader]?[$0.direction] }, events: events)
    return take()
  }

  private mutating func take() -> [Int32: AnomalyChangeKind] {
    var told: [Int32: AnomalyChangeKind] = [:]
    for settled in last.settled {
      let id = metrics[settled.made.row].id
      episodes[id, default: [:]][settled.made.direction] = settled.made.decision.episode
      if let kind = settled.told { told[id.number] = kind }
    }
    for incident in last.incidents {
      incidents.removeAll { $0.direction == incident.direction }
      incidents.append(incident)
    }
    for wide in last.wide {
      if wide.takesOverLeader {
        episodes[wide.incident.leader]?[wide.incident.direction]?.standing = .joined
      }
      if let kind = wide.told { told[0] = kind }
    }
    return told
  }
}
