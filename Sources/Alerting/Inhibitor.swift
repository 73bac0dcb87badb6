/// An anomaly that is there, as far as inhibition looks at it.
public struct FiringAnomaly: Sendable, Hashable {
  /// Which anomaly.
  public var id: AnomalyReference
  /// What rules look at; a platform's event has `scope` "cohort".
  public var labels: Labels

  /// Pairs an anomaly with its labels.
  public init(id: AnomalyReference, labels: Labels) {
    self.id = id
    self.labels = labels
  }
}

/// Which rule keeps an anomaly from being told, and because of what.
public struct Inhibition: Sendable, Hashable {
  /// The rule's name.
  public let rule: String
  /// The anomalies that inhibit, by id, as many as are listed.
  public let sources: [AnomalyReference]
}

/// The anomalies that are there, put in order so that each question about one costs the same however
/// many there are.
public struct Inhibitor: Sendable {
  /// Most sources that are listed for one rule, unless the rule itself asks for more.
  public static let listedSourcesLimit = 10

  /// Sources of one rule that agree in the labels that must be equal.
  private struct Sources: Sendable {
    /// All, by id.
    var all: [AnomalyReference] = []
    /// Those that the rule would not also inhibit, by id.
    var oneSided: [AnomalyReference] = []
  }

  private let rules: [InhibitionRule]
  private var sources: [[[String]: Sources]]

  /// Puts what is there in order; an id that comes twice counts once, with its first labels.
  public init(firing: [FiringAnomaly], rules: [InhibitionRule]) {
    self.rules = rules
    sources = Array(repeating: [:], count: rules.count)
    guard !rules.isEmpty else { return }
    var seen: Set<AnomalyReference> = []
    let unique = firing.filter { seen.insert($0.id).inserted }
    // In one order, so that the same anomalies are always listed.
    let ordered = unique.sorted { ($0.id.high, $0.id.low) < ($1.id.high, $1.id.low) }
    for anomaly in ordered {
      for (number, rule) in rules.enumerated() where rule.isSource(anomaly.labels) {
        let isTwoSided = rule.isTarget(anomaly.labels)
        let key = rule.equalValues(anomaly.labels)
        sources[number][key, default: Sources()].all.append(anomaly.id)
        if !isTwoSided { sources[number][key, default: Sources()].oneSided.append(anomaly.id) }
      }
    }
  }

  /// The rules that keep an anomaly from a receiver, in the order of the rules.
  ///
  /// An anomaly that a rule takes for a source and for a target is not inhibited by another such
  /// one, and none inhibits itself.
  public func inhibitions(
    of id: AnomalyReference, labels: Labels, receiver: String, route: String
  ) -> [Inhibition] {
    var found: [Inhibition] = []
    for (rule, index) in zip(rules, sources)
    where rule.holds(receiver: receiver, route: route) && rule.isTarget(labels) {
      guard let sources = index[rule.equalValues(labels)] else { continue }
      let eligible = rule.isSource(labels) ? sources.oneSided : sources.all
      let limit = max(rule.minimumSources, Self.listedSourcesLimit)
      let listed = Array(eligible.lazy.filter { $0 != id }.prefix(limit))
      if listed.count >= rule.minimumSources {
        found.append(Inhibition(rule: rule.name, sources: listed))
      }
    }
    return found
  }

  /// The anomalies that keep an anomaly from a receiver, each once; empty when it may be told.
  public func inhibitors(
    of id: AnomalyReference, labels: Labels, receiver: String, route: String
  ) -> [AnomalyReference] {
    var seen: Set<AnomalyReference> = []
    return inhibitions(of: id, labels: labels, receiver: receiver, route: route)
      .flatMap(\.sources).filter { seen.insert($0).inserted }
  }
}
