internal import Baselines
public import Detection
internal import SeriesModel

/// Joins what the series of one customer do in one bucket: one anomaly for one real event.
///
/// Holds no clock and no store; neither the order of series nor of decisions matters.
public struct CustomerMerging: Sendable {
  let findings: FindingsBatch
  let rules: MergeRules
  let incidentRules: IncidentRules

  /// Takes the batch that the decisions were made from.
  public init(
    _ findings: FindingsBatch, rules: MergeRules = MergeRules(),
    incidentRules: IncidentRules = IncidentRules()
  ) {
    self.findings = findings
    self.rules = rules
    self.incidentRules = incidentRules
  }

  /// Decides what the decisions about one customer's series come to together.
  ///
  /// - Parameters:
  ///   - rows: All rows of the customer.
  ///   - decisions: What was decided of them one by one.
  ///   - incidents: The latest incident to each side.
  ///   - leader: The anomaly that people heard of first in an incident, or nil where it is gone.
  ///   - events: Platform events that may explain what was found.
  /// - Returns: What becomes of each decision, and of the customer as a whole.
  public func settle(
    rows: [Int], decisions: [RowDecision], incidents: [Incident],
    leader: (Incident) -> Episode?, events: [PlatformEvent]
  ) -> CustomerSettlement {
    var settlement = CustomerSettlement()
    settlement.settled = decisions.map { made in
      let isOwn = made.decision.episode?.standing == .own
      return SettledDecision(
        made: made, outcome: .update, told: isOwn ? AnomalyChangeKind(made.decision.action) : nil)
    }
    guard let first = rows.first else { return settlement }
    let cohort = cohort(ofRow: first)
    let bucket = findings.bucket.index
    let isHeld = events.contains {
      $0.covers(bucket, of: cohort, hold: incidentRules.holdBuckets)
    }
    let isMissing = rows.allSatisfy { findings.flags[$0].contains(.missing) }
    for direction in Direction.allCases {
      let incident = incidents.first { $0.direction == direction }
      let isTouched = decisions.contains { $0.direction == direction }
      guard isTouched || incident?.wide != nil else { continue }
      var side = IncidentMerge(
        self, direction: direction, settled: settlement.settled, incident: incident,
        leader: incident.flatMap { leader($0) })
      side.settleAlarms(isHeld: isHeld)
      side.removeWithdrawn()
      if !isMissing { side.followWide() }
      settlement.settled = side.settled
      if side.isChanged, let incident = side.incident { settlement.incidents.append(incident) }
      if let wide = side.wide { settlement.wide.append(wide) }
    }
    return settlement
  }

  /// With whom the customer of a row is compared.
  private func cohort(ofRow row: Int) -> String {
    let customer = findings.customers[Int(findings.customerIndex[row])]
    return customer.segment.isEmpty ? customer.region : customer.segment
  }

  func metric(ofRow row: Int) -> Metric { findings.metrics[Int(findings.metricIndex[row])] }
}
