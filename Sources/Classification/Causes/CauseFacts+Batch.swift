internal import Baselines
public import Detection
internal import Glibc
public import SeriesModel

extension CauseFacts {
  /// Gathers what a batch and the anomalies that are known tell of one that is in it.
  ///
  /// - Parameters:
  ///   - findings: The batch.
  ///   - row: The row of the anomaly, or the one that shows it best.
  ///   - episode: The anomaly's numbers.
  ///   - known: The latest anomalies of the customer's figures.
  ///   - events: Platform events that may cover the bucket.
  ///   - shared: How far the change is shared.
  ///   - occasions: What the calendar holds about then.
  ///   - seriesCount: How many of the customer's figures lately had values; nil for those that are
  ///     in the batch, which holds no figure without a value.
  public init(
    _ findings: FindingsBatch, row: Int, episode: Episode, known: [Companion] = [],
    events: [PlatformEvent] = [], shared: SharedMovement = SharedMovement(),
    occasions: [Occasion] = [], seriesCount: Int? = nil
  ) {
    let metric = findings.metrics[Int(findings.metricIndex[row])]
    self.init(
      type: episode.type, metric: metric, startBucket: episode.startBucket,
      change: episode.direction.sign * episode.magnitude(metric.kind))
    self.shared = shared
    self.occasions = occasions
    isProvisional = findings.flags[row].contains(.provisional)
    let customer = findings.customerIndex[row]
    let own = findings.customerIndex.indices.filter { findings.customerIndex[$0] == customer }
    let present = own.count { !findings.flags[$0].contains(.missing) }
    self.seriesCount = max(seriesCount ?? own.count, own.count)
    seriesMissing = self.seriesCount - present
    noteGaps(findings.findings.first { $0.row == row }?.ringObserved ?? [])
    parts = own.compactMap { Part(findings, row: $0) }
    let reach = CauseRules().leadBuckets(metric.granularity)
    companions = Self.companions(
      findings, rows: own, known: known, from: Int64(episode.startBucket) - Int64(reach))
    let bucket = findings.bucket
    let cohort = findings.customers[Int(customer)].cohort
    outages =
      events.filter { $0.covers(bucket.index, of: cohort, hold: IncidentRules().holdBuckets) }
      .map {
        Outage(cohort: $0.cohort, since: $0.since, change: -$0.episode.magnitude(.count))
      }
    if findings.flags[row].contains(.holiday) {
      self.occasions.append(
        Occasion(
          name: "a holiday or known event", startBucket: bucket.index, endBucket: bucket.index))
    }
  }

  /// Notes what is missing of the last values, oldest first.
  private mutating func noteGaps(_ values: [Double]) {
    guard values.count > Self.recentBuckets else { return }
    let former = values.dropLast(Self.recentBuckets)
    recentGaps = values.suffix(Self.recentBuckets).count { $0.isNaN }
    formerGapShare = Double(former.count { $0.isNaN }) / Double(former.count)
  }

  /// One a figure: what was out of the ordinary first, since a bucket.
  private static func companions(
    _ findings: FindingsBatch, rows: [Int], known: [Companion], from oldest: Int64
  ) -> [Companion] {
    let rows = Set(rows)
    let found = findings.findings.filter { rows.contains($0.row) }.map { finding in
      Companion(
        metric: findings.metrics[Int(findings.metricIndex[finding.row])],
        startBucket: finding.startBucket, change: finding.logRatio)
    }
    var first: [MetricID: Companion] = [:]
    for each in known + found where Int64(each.startBucket) >= oldest {
      if let other = first[each.metric.id], other.startBucket <= each.startBucket { continue }
      first[each.metric.id] = each
    }
    return first.values.sorted { $0.metric.id < $1.metric.id }
  }
}

extension CauseFacts.Companion {
  /// What is known of a figure by its latest anomaly.
  public init(_ metric: Metric, _ episode: Episode) {
    self.init(
      metric: metric, startBucket: episode.startBucket,
      change: episode.direction.sign * episode.magnitude(metric.kind))
  }
}

extension CauseFacts.Part {
  /// A row of a batch; nil where it is no count of its own or has nothing to compare.
  fileprivate init?(_ findings: FindingsBatch, row: Int) {
    let metric = findings.metrics[Int(findings.metricIndex[row])]
    let (observed, expected) = (findings.observed[row], findings.expected[row])
    guard !IncidentRules.isDerived(metric), observed.isFinite, expected.isFinite else { return nil }
    self.init(metric: metric, observed: observed, expected: expected)
  }
}
