public import SeriesModel

extension Wording {
  /// What may be behind an anomaly, in words; a suggestion, with numbers where there are any.
  ///
  /// Ranked as ``rankedCauses(_:rules:)`` does, with nothing known but what is shared.
  public static func possibleCause(
    type: AnomalyType, metric: Metric, shared: SharedMovement = SharedMovement()
  ) -> String {
    var facts = CauseFacts(type: type, metric: metric, startBucket: 0, change: 0)
    facts.shared = shared
    return possibleCause(rankedCauses(facts))
  }

  /// The best of ranked causes in one line.
  ///
  /// A telling cause outside the customer stands alone. What is known inside it stands beside what
  /// experience says, the more telling first.
  public static func possibleCause(
    _ causes: [PossibleCause], rules: CauseRules = CauseRules()
  ) -> String {
    let telling = causes.filter { $0.kind != .typical && $0.strength >= rules.tellingStrength }
    if let first = telling.first, first.isOutside { return first.sentence }
    let typical = causes.first { $0.kind == .typical }
    let together = causes.first { $0.kind == .movedTogether }
    let inside = telling.first { !$0.isOutside && $0.kind != .movedTogether }
    var sentences = [inside, typical, together].compactMap { $0?.sentence }
    for place in sentences.indices.dropFirst() where inside != nil {
      sentences[place] = lowercasedStart(sentences[place])
    }
    return sentences.joined(separator: "; ")
  }

  /// What is behind such an anomaly as a rule.
  static func typicalCause(type: AnomalyType, metric: Metric) -> String {
    switch type {
    case .abandonment where metric.kind == .count: return "Training gap or competing tool"
    case .gradualDecline where metric.kind == .count: return "Falling engagement or migration"
    case .growthStall: return "Saturation or a competing tool"
    case .adoption: return "New use case or new team"
    case .seasonalChange: return "Changed working pattern or changed schedule"
    case .plateau: return "A limit of the plan, a scheduled job or a stuck feed"
    case .mixShift: return "Changed use or a new team"
    case .platformOutage: return "A problem of the platform or of the reporting"
    case .drop, .spike, .levelDown, .levelUp, .gradualDecline, .abandonment: break
    }
    let isDown = type.direction == .down
    switch Intent(type, metric.polarity) {
    case .risk where isDown:
      switch metric.kind {
      case .count:
        return type.isLasting ? "Migration or competing tool" : "Integration issue or migration"
      case .money:
        return type.isLasting ? "Downgrade or lost contract" : "Late billing or lost order"
      case .gauge, .ratio: return "Unresolved problem or falling engagement"
      }
    case .risk:
      switch metric.kind {
      case .count: return "Incident or disruption at the customer"
      case .money: return "Unplanned cost or billing error"
      case .gauge, .ratio: return "Overload or unresolved problem"
      }
    case .opportunity where isDown: return "Problem solved or process improved"
    case .opportunity:
      switch metric.kind {
      case .count: return "Team expansion or new use case"
      case .money: return "Growing business or larger order"
      case .gauge, .ratio: return "Problem solved or growing engagement"
      }
    case .neutral, .dataQuality: return "Changed use or changed reporting"
    }
  }
}
