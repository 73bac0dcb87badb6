public import SeriesModel

/// Holds the anomalies of one customer, or of the cohorts, against those that new evidence bears.
///
/// What is borne under the same identity goes on; so does what is borne at the same time on the same
/// side of the same series, for a few buckets more or less do not make another event of it. What is
/// held and no longer borne is withdrawn, and what is borne and was not held is opened. What a person
/// said stands.
///
/// - Parameters:
///   - held: What was raised before.
///   - borne: What would have been raised, had everything been known in time.
/// - Returns: A decision for each of them, those that are held first, each by its first bucket.
public func reviewDecisions(held: [HeldAnomaly], borne: [BorneAnomaly]) -> [ReviewDecision] {
  let held = held.sorted { ($0.episode.startBucket, $0.id) < ($1.episode.startBucket, $1.id) }
  var rest = borne.sorted { ($0.episode.startBucket, $0.id) < ($1.episode.startBucket, $1.id) }
  var pairs: [AnomalyID: BorneAnomaly] = [:]
  for each in held {
    guard let place = rest.firstIndex(where: { $0.id == each.id }) else { continue }
    pairs[each.id] = rest.remove(at: place)
  }
  for each in held where pairs[each.id] == nil && each.episode.state != .withdrawn {
    guard let place = rest.firstIndex(where: { each.isOneEvent(with: $0) }) else { continue }
    pairs[each.id] = rest.remove(at: place)
  }
  let known = held.map { each in
    pairs[each.id].map { each.goesOn(as: $0) } ?? each.isBorneNoMore()
  }
  let new = rest.map { each in
    ReviewDecision(
      id: each.id, isHeld: false, borne: each.id, episode: each.episode,
      told: each.episode.standing == .own ? .opened : nil)
  }
  return known + new
}

/// From which bucket on a customer, or the cohorts, have to be judged again, so that nothing that
/// was raised is cut in two.
///
/// - Parameters:
///   - first: The first bucket whose evidence has changed.
///   - known: All that was raised.
///   - earliest: Before which nothing is judged again: what has lasted since then is cut.
///   - granularity: The length of the buckets.
///   - rules: When an excursion belongs to an anomaly that is known.
/// - Returns: `first`, or an earlier bucket in which nothing lasted nor could be joined.
public func reviewStart(
  changedFrom first: Int32, known: [Episode], earliest: Int32 = .min, granularity: Granularity,
  rules: MergeRules = MergeRules()
) -> Int32 {
  let margin = Int64(
    max(
      rules.joinBuckets(granularity), rules.outageCalmBuckets(granularity),
      IncidentRules().windowBuckets(granularity)))
  var start = first
  while true {
    let cut = known.filter { episode in
      guard episode.state != .withdrawn, episode.startBucket < start,
        episode.startBucket >= earliest
      else { return false }
      return episode.isFollowed(rules.calmBuckets(granularity))
        || Int64(episode.lastBucket) + margin >= Int64(start)
    }
    guard let earlier = cut.map(\.startBucket).min() else { return start }
    start = earlier
  }
}

extension Episode {
  /// Whether it lasts, for people or in silence.
  fileprivate func isFollowed(_ calm: Int32) -> Bool {
    state.isActive || state == .dismissed && calmBuckets < calm
  }
}

extension HeldAnomaly {
  /// Whether both are the same thing that happened.
  fileprivate func isOneEvent(with other: BorneAnomaly) -> Bool {
    metric == other.metric && scope == other.scope
      && episode.direction == other.episode.direction
      && episode.startBucket <= other.episode.endBucket
      && other.episode.startBucket <= episode.endBucket
  }

  /// The numbers that evidence gives, with what a person said of the anomaly.
  public func keepingWord(_ judged: Episode) -> Episode {
    var kept = judged
    if episode.isAcknowledged {
      kept.isAcknowledged = true
      if kept.state == .open { kept.state = .acknowledged }
    }
    if episode.state == .dismissed { kept.state = .dismissed }
    return kept
  }

  fileprivate func goesOn(as other: BorneAnomaly) -> ReviewDecision {
    var after = keepingWord(other.episode)
    if episode.state == .resolved, word == .resolve, after.state.isActive {
      after.state = .resolved
    }
    return ReviewDecision(
      id: id, isHeld: true, borne: other.id, episode: after, told: told(after))
  }

  private func told(_ after: Episode) -> AnomalyChangeKind? {
    guard after.standing == .own else {
      // People know of it, and learn that another one speaks for it now.
      return episode.standing == .own && episode.state.isActive ? .changed : nil
    }
    guard episode.standing == .own else { return .opened }
    if episode.state == .withdrawn { return .reopened }
    switch (episode.state.isActive, after.state.isActive) {
    case (true, false) where after.state == .resolved: return .resolved
    case (false, true): return .reopened
    default: break
    }
    // Of what is over or dismissed nobody needs to hear that its numbers were others.
    guard after.state.isActive else { return nil }
    return (episode.type, episode.severity) == (after.type, after.severity) ? nil : .changed
  }

  /// What somebody has taken on is ended rather than unmade, so that it does not vanish under the
  /// hands of who works on it; what a person has ended or dismissed stays so.
  fileprivate func isBorneNoMore() -> ReviewDecision {
    var after = episode
    var told: AnomalyChangeKind?
    switch episode.state {
    case .withdrawn, .dismissed: break
    case .resolved where word == .resolve || episode.isAcknowledged: break
    case .open, .acknowledged, .recovering, .resolved:
      after.state = episode.isAcknowledged ? .resolved : .withdrawn
      if episode.standing == .own { told = episode.isAcknowledged ? .resolved : .withdrawn }
    }
    return ReviewDecision(id: id, isHeld: true, borne: nil, episode: after, told: told)
  }
}

extension Wording {
  /// Why an anomaly was withdrawn or ended: "Explained by the calendar: Founders' Day".
  public static func reviewCause(_ cause: ReviewCause, detail: String) -> String {
    let words = oneLine(detail)
    switch cause {
    case .calendar:
      return words.isEmpty
        ? "The calendar was changed afterwards" : "Explained by the calendar: \(words)"
    case .correction: return "Points came late or were corrected"
    }
  }
}
