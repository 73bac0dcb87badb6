public import Detection
internal import SeriesModel

/// What one judged row means for one side of its series.
public struct RowDecision: Sendable, Hashable {
  /// The row of the batch.
  public var row: Int
  /// The side.
  public var direction: Direction
  /// What is to be done, why, and the anomaly's numbers afterwards.
  public var decision: MergeDecision
  /// Whether the next row of the series matters to that side even without a finding.
  public var isFollowed: Bool

  /// Gathers a decision.
  public init(row: Int, direction: Direction, decision: MergeDecision, isFollowed: Bool) {
    self.row = row
    self.direction = direction
    self.decision = decision
    self.isFollowed = isFollowed
  }
}

/// Merges the rows of one batch into what is known of their series.
///
/// The one way from findings to changes of anomalies: the service does it inside a transaction, a
/// replay in memory. It holds no clock and no store.
public struct BatchMerging: Sendable {
  /// What was judged.
  public let findings: FindingsBatch

  /// The place in `findings.findings` of the finding that speaks of a row.
  public let findingOfRow: [Int: Int]

  /// When an excursion belongs to an anomaly that is known.
  public let rules: MergeRules

  /// Takes a batch in which each row is spoken of at most once.
  public init(_ findings: FindingsBatch, rules: MergeRules = MergeRules()) {
    var places: [Int: Int] = [:]
    for (place, finding) in findings.findings.enumerated() { places[finding.row] = place }
    self.init(findings, findingOfRow: places, rules: rules)
  }

  /// Takes a batch whose findings are known by their rows.
  public init(_ findings: FindingsBatch, findingOfRow: [Int: Int], rules: MergeRules) {
    self.findings = findings
    self.findingOfRow = findingOfRow
    self.rules = rules
  }

  /// The sides of a row whose anomaly may change, given those that are followed.
  public func sides(ofRow row: Int, followed: Set<Direction>) -> [Direction] {
    let found = findingOfRow[row].map { AnomalyType(findings.findings[$0].kind).direction }
    if followed.isEmpty, found == nil { return [] }
    return Direction.allCases.filter { followed.contains($0) || $0 == found }
  }

  /// Decides what rows mean for the sides of their series.
  ///
  /// - Parameters:
  ///   - rows: The rows to merge, in the order in which the decisions are wanted.
  ///   - followed: The sides of a row that are followed.
  ///   - episode: The latest anomaly of a row to a side, or nil.
  ///   - dismissed: What people have said of a row's series that it is no problem.
  /// - Returns: The decisions that leave or make an anomaly.
  public func decisions(
    rows: [Int], followed: (Int) -> Set<Direction>,
    episode: (Int, Direction) -> Episode?, dismissed: (Int) -> [DismissedAnomaly] = { _ in [] }
  ) -> [RowDecision] {
    var decisions: [RowDecision] = []
    for row in rows {
      let sides = sides(ofRow: row, followed: followed(row))
      if sides.isEmpty { continue }
      let judged = JudgedRow(
        findings, row: row, finding: findingOfRow[row].map { findings.findings[$0] })
      let traits = SeriesTraits(findings.metrics[Int(findings.metricIndex[row])])
      for direction in sides {
        let decision = mergeDecision(
          row: judged, direction: direction, episode: episode(row, direction), traits: traits,
          rules: rules, dismissed: judged.finding == nil ? [] : dismissed(row))
        guard let after = decision.episode else { continue }
        decisions.append(
          RowDecision(
            row: row, direction: direction, decision: decision, isFollowed: isFollowed(after)))
      }
    }
    return decisions
  }

  /// Whether the next row matters even without a finding.
  private func isFollowed(_ episode: Episode) -> Bool {
    if episode.state.isActive { return true }
    guard episode.state == .dismissed else { return false }
    // A dismissed one is followed until its excursion is over.
    return episode.calmBuckets < rules.calmBuckets(findings.bucket.granularity)
  }
}
