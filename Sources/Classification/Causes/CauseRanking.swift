internal import Glibc
internal import SeriesModel

/// What may be behind an anomaly, the best explanation first, each with its number.
///
/// The strength says how much of the change something could account for. What experience says of
/// such an anomaly stands last, unless nothing else is there. No clock and no store: the same facts
/// always give the same ranking.
public func rankedCauses(
  _ facts: CauseFacts, rules: CauseRules = CauseRules()
) -> [PossibleCause] {
  let ranking = CauseRanking(facts: facts, rules: rules)
  let found =
    ranking.outages + [ranking.sharedMovement, ranking.lateData].compactMap(\.self)
    + ranking.occasions + ranking.leads
    + [ranking.concentration, ranking.movedTogether, ranking.typical].compactMap(\.self)
  let order = PossibleCause.Kind.allCases
  return found.enumerated().sorted { left, right in
    if left.element.strength != right.element.strength {
      return left.element.strength > right.element.strength
    }
    let places = [left, right].map { order.firstIndex(of: $0.element.kind) ?? 0 }
    return places[0] == places[1] ? left.offset < right.offset : places[0] < places[1]
  }.map(\.element)
}

/// The causes of each kind.
struct CauseRanking {
  let facts: CauseFacts
  let rules: CauseRules

  private var direction: Direction { facts.type.direction }
  private var granularity: Granularity { facts.metric.granularity }

  /// What all customers went through explains a fall as far as it fell with them.
  var outages: [PossibleCause] {
    guard direction == .down, facts.type != .platformOutage else { return [] }
    return facts.outages.filter { $0.change < 0 }.map { outage in
      let share = facts.change < 0 ? outage.change / facts.change : 1
      let who = outage.cohort.isEmpty ? "all customers" : "customers of \(oneLine(outage.cohort))"
      let since = Bucket(granularity, outage.since)
      return PossibleCause(
        .platformEvent, strength: share,
        sentence: "A platform event since \(since) took \(who) down by"
          + " \(CauseWords.percent(outage.change)): \(CauseWords.share(share)) of the change")
    }
  }

  var sharedMovement: PossibleCause? {
    let shared = facts.shared
    guard shared.isOfSegment else { return nil }
    let segment = shared.segment.isEmpty ? "" : " of segment \(oneLine(shared.segment))"
    return PossibleCause(
      .sharedMovement, strength: Double(shared.customersMoved) / Double(shared.customersJudged),
      sentence: "Shared cause: \(shared.customersMoved) of \(shared.customersJudged) customers"
        + "\(segment) \(CauseWords.moved(direction)) at the same time")
  }

  /// Only less can be seen while values are on their way.
  var lateData: PossibleCause? {
    guard direction == .down, facts.metric.kind == .count || facts.metric.kind == .money else {
      return nil
    }
    if facts.isProvisional {
      return PossibleCause(
        .lateData, strength: 1, sentence: "Data is on its way: the \(unit) is not over")
    }
    let others = Double(facts.seriesMissing) / Double(max(facts.seriesCount, 1))
    let gaps = Double(facts.recentGaps) / Double(CauseFacts.recentBuckets) - facts.formerGapShare
    guard max(others, gaps) > 0 else { return nil }
    let what =
      others >= gaps
      ? "\(facts.seriesMissing) of \(countWords(Int64(facts.seriesCount), "figure")) of the customer"
        + " \(facts.seriesMissing == 1 ? "has" : "have") no value for this \(unit)"
      : "\(facts.recentGaps) of the last \(CauseFacts.recentBuckets) \(unit)s have no value"
    return PossibleCause(
      .lateData, strength: max(others, gaps), sentence: "Data may be late: \(what)")
  }

  /// The nearer the beginning lies to it, the more it explains.
  var occasions: [PossibleCause] {
    facts.occasions.compactMap { occasion in
      let after = Int64(facts.startBucket) - Int64(occasion.endBucket)
      guard facts.startBucket >= occasion.startBucket, after <= Int64(rules.occasionBuckets) else {
        return nil
      }
      let place =
        after <= 0 ? "it began during" : "it began \(durationWords(after, granularity)) after"
      return PossibleCause(
        .knownEvent, strength: 1 / Double(1 + max(after, 0)),
        sentence: "Known event: \(place) \(oneLine(occasion.name))")
    }
  }

  /// Figures of the customer that moved first, at most three; the longer before and the less, the
  /// weaker.
  var leads: [PossibleCause] {
    let strongest = allLeads.enumerated().sorted { left, right in
      (-left.element.strength, left.offset) < (-right.element.strength, right.offset)
    }
    return strongest.prefix(3).map(\.element)
  }

  private var allLeads: [PossibleCause] {
    let reach = Int64(rules.leadBuckets(granularity))
    let own = IncidentRules.isDerived(facts.metric)
    return facts.companions.compactMap { other in
      let lead = Int64(facts.startBucket) - Int64(other.startBucket)
      guard lead > 0, lead <= reach, other.metric.id != facts.metric.id, other.change != 0,
        own || !IncidentRules.isDerived(other.metric)
      else { return nil }
      let size = facts.change == 0 ? 1 : min(1, other.change.magnitude / facts.change.magnitude)
      let nearness = 1 - Double(lead - 1) / Double(reach)
      let isSameNews =
        Intent(other.change < 0 ? .down : .up, other.metric.polarity)
        == Intent(direction, facts.metric.polarity)
      let verb = other.change < 0 ? "fell" : "rose"
      return PossibleCause(
        .leadingMetric, strength: size * nearness * (isSameNews ? 1 : 0.5),
        sentence: "\(Wording.capitalized(Wording.metricPhrase(other.metric))) \(verb) first:"
          + " \(durationWords(lead, granularity)) before, by \(CauseWords.percent(other.change))")
    }
  }

  /// The count that carries most of the change of all counts with the same unit.
  var concentration: PossibleCause? {
    guard direction != .neither else { return nil }
    let parts = facts.parts.filter { part in
      facts.metric.kind != .count || part.metric.unit == facts.metric.unit
    }
    let moved = parts.map { max(0, ($0.observed - $0.expected) * direction.sign) }
    let total = moved.filter(\.isFinite).reduce(0, +)
    guard parts.count >= rules.partsMin, total > 0,
      let place = moved.indices.max(by: { moved[$0] < moved[$1] })
    else { return nil }
    let share = moved[place] / total
    guard share >= rules.concentrationMin else { return nil }
    let part = parts[place].metric
    let among =
      "of what \(countWords(Int64(parts.count), "figure")) of the customer"
      + " \(direction == .down ? "lost" : "gained")"
    // That it is this figure alone tells where to look, and half of why.
    let isOwn = part.id == facts.metric.id
    return PossibleCause(
      .concentration, strength: isOwn ? share / 2 : share,
      sentence: "\(CauseWords.share(share)) \(among) is in \(Wording.metricPhrase(part)):"
        + " \(numberWords(moved[place])) of \(numberWords(total))")
  }

  var movedTogether: PossibleCause? {
    let shared = facts.shared
    guard shared.isOfCustomer, !shared.isOfSegment else { return nil }
    return PossibleCause(
      .movedTogether, strength: Double(shared.seriesMoved) / Double(shared.seriesJudged) / 2,
      sentence: "\(shared.seriesMoved) of \(shared.seriesJudged) of the customer's figures"
        + " \(CauseWords.moved(direction)) together")
  }

  var typical: PossibleCause? {
    PossibleCause(
      .typical, strength: 0,
      sentence: Wording.typicalCause(type: facts.type, metric: facts.metric))
  }

  private var unit: String {
    granularity == .fiveMinutes ? "bucket" : granularity.name
  }
}

/// Numbers and verbs of causes.
enum CauseWords {
  /// A log ratio as the percentage that it takes away or adds.
  static func percent(_ change: Double) -> String {
    Wording.percentWords((exp(min(max(change, -20), 20)) - 1) * 100)
  }

  /// A share of a whole, at most all of it.
  static func share(_ share: Double) -> String {
    numberWords((min(max(share, 0), 1) * 100).rounded()) + "%"
  }

  static func moved(_ direction: Direction) -> String {
    switch direction {
    case .down: "went down"
    case .up: "went up"
    case .neither: "changed"
    }
  }
}
