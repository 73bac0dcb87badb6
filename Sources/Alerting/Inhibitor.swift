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
  public init(firing: [FiringAnomaly] = [], rules: [InhibitionRule]) {
    self.rules = rules
    sources = Array(repeating: [:], count: rules.count)
    guard !rules.isEmpty else { return }
    var seen: Set<AnomalyReference> = []
    let unique = firing.filter { seen.insert($0.id).inserted }
    // In one order, so that the same anomalies are always listed.
    for anomaly in unique.sorted(by: { Self.isBefore($0.id, $1.id) }) { insert(anomaly) }
  }

  /// Adds an anomaly that has begun.
  ///
  /// - Precondition: It is not there with these labels.
  public mutating func insert(_ anomaly: FiringAnomaly) {
    for (number, rule) in rules.enumerated() where rule.isSource(anomaly.labels) {
      let key = rule.equalValues(anomaly.labels)
      Self.insert(anomaly.id, into: &sources[number][key, default: Sources()].all)
      if !rule.isTarget(anomaly.labels) {
        Self.insert(anomaly.id, into: &sources[number][key, default: Sources()].oneSided)
      }
    }
  }

  /// Takes away an anomaly that is over, with the labels that it was added with.
  public mutating func remove(_ anomaly: FiringAnomaly) {
    for (number, rule) in rules.enumerated() where rule.isSource(anomaly.labels) {
      let key = rule.equalValues(anomaly.labels)
      Self.remove(anomaly.id, from: &sources[number][key, default: Sources()].all)
      Self.remove(anomaly.id, from: &sources[number][key, default: Sources()].oneSided)
    }
  }

  private static func isBefore(_ left: AnomalyReference, _ right: AnomalyReference) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }

  /// The first place whose element does not come before the id.
  private static func place(_ id: AnomalyReference, in list: [AnomalyReference]) -> Int {
    var low = 0
    var high = list.count
    while low < high {
      let middle = (low + high) / 2
      if isBefore(list[middle], id) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private static func insert(_ id: AnomalyReference, into list: inout [AnomalyReference]) {
    list.insert(id, at: place(id, in: list))
  }

  private static func remove(_ id: AnomalyReference, from list: inout [AnomalyReference]) {
    let place = place(id, in: list)
    if list.indices.contains(place) && list[place] == id { list.remove(at: place) }
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
