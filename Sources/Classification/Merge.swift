internal import Baselines
internal import Detection
internal import SeriesModel

/// Decides what a judged row means for one side of its series.
///
/// One anomaly a side: findings update the one that is known, an excursion that begins near its end
/// joins it, and enough buckets inside the band end it. No clock and no store: the same facts
/// always give the same decision.
///
/// - Parameters:
///   - row: What was judged.
///   - direction: The side in question.
///   - episode: The latest anomaly to that side, whatever its state, or nil.
///   - traits: What is known of the metric.
///   - rules: The rules.
///   - dismissed: What people have said of the series that it is no problem.
/// - Returns: What is to be done, why, and the anomaly's numbers afterwards.
public func mergeDecision(
  row: JudgedRow, direction: Direction, episode: Episode?, traits: SeriesTraits,
  rules: MergeRules = MergeRules(), dismissed: [DismissedAnomaly] = []
) -> MergeDecision {
  guard !row.isMissing else { return MergeDecision(.nothing, .missing, episode) }
  let merge = Merge(
    row: row, direction: direction, traits: traits, rules: rules, dismissed: dismissed)
  guard let episode else { return merge.open(after: nil) }
  if let decision = merge.correct(episode) { return decision }
  switch episode.state {
  case .open, .acknowledged, .recovering: return merge.follow(episode)
  case .dismissed: return merge.followDismissed(episode)
  case .resolved, .withdrawn: return merge.revisit(episode)
  }
}

/// One row beside the anomaly of its side.
private struct Merge {
  let row: JudgedRow
  let direction: Direction
  let traits: SeriesTraits
  let rules: MergeRules
  let dismissed: [DismissedAnomaly]

  func open(after previous: Episode?) -> MergeDecision {
    guard let finding = row.finding(in: direction) else {
      return MergeDecision(.nothing, .quiet, previous)
    }
    let opened = Episode(
      finding, row: row, after: previous?.endBucket, traits: traits, rule: rules.severity)
    let required = rules.dismissal.requiredScore(
      for: DismissedAnomaly(opened, kind: traits.kind), in: row.bucket, traits.granularity,
      dismissed: dismissed)
    guard finding.score >= required else {
      return MergeDecision(.nothing, .likeDismissed, previous)
    }
    if let previous, rules.oneOff.holds(opened, finding, after: previous, traits) {
      return MergeDecision(.nothing, .likeOneOff, previous)
    }
    return MergeDecision(.open, .firstFinding, opened)
  }

  /// What a row means that is not newer than what is known, or nil when it is to be followed.
  func correct(_ episode: Episode) -> MergeDecision? {
    if row.bucket > episode.lastBucket { return nil }
    if row.bucket > episode.endBucket {
      return isOut(episode) ? nil : MergeDecision(.nothing, .confirmed, episode)
    }
    if row.bucket < episode.startBucket { return MergeDecision(.nothing, .beforeFollowed, episode) }
    guard episode.endBucket == row.bucket, episode.countedBuckets == 1 else {
      return MergeDecision(.nothing, .confirmed, episode)
    }
    return correctOnlyBucket(episode)
  }

  /// The bucket is the only one of the anomaly: its new value decides alone.
  private func correctOnlyBucket(_ episode: Episode) -> MergeDecision {
    var corrected = episode
    corrected.lastRevision = max(row.revision, episode.lastRevision)
    guard let finding = row.finding(in: direction) else {
      guard episode.state != .dismissed, episode.state != .withdrawn else {
        return MergeDecision(.nothing, .confirmed, corrected)
      }
      corrected.state = .withdrawn
      return MergeDecision(.withdraw, .corrected, corrected)
    }
    corrected.measure(finding)
    if corrected.state == .withdrawn {
      corrected.state = activeState(corrected)
      _ = corrected.reassess(row, traits, rules.severity)
      return MergeDecision(.reopen, .corrected, corrected)
    }
    let isWorse = corrected.reassess(row, traits, rules.severity)
    let isActive = corrected.state.isActive
    return MergeDecision(isWorse && isActive ? .escalate : .extend, .confirmed, corrected)
  }

  func follow(_ episode: Episode) -> MergeDecision {
    var next = advanced(episode)
    // From here on the level follows, and what lasts is inside the band without being over.
    let isNewLevel = row.flags.contains(.reanchored) && !hasRegainedHalf(episode)
    guard isOut(episode) || isNewLevel else { return calm(episode, next) }
    if episode.isAtNewLevel {
      next.hold(row)
    } else {
      next.extend(row)
    }
    if isNewLevel || episode.isAtNewLevel { next.calmBuckets = 1 }
    next.state = activeState(next)
    if next.reassess(row, traits, rules.severity) { return MergeDecision(.escalate, .worse, next) }
    let reason: MergeReason = row.finding(in: direction) == nil ? .outOfBandAlone : .outOfBand
    return MergeDecision(episode.state == .recovering ? .resume : .extend, reason, next)
  }

  /// One more bucket inside the band, which may be a new one.
  private func calm(_ episode: Episode, _ advanced: Episode) -> MergeDecision {
    var next = advanced
    next.calmBuckets += 1
    if episode.isAtNewLevel {
      if !hasRegainedHalf(episode, beside: formerExpected(episode)) { return stay(next) }
      next.calmBuckets = 1
    }
    if next.calmBuckets >= rules.calmBuckets(traits.granularity) {
      next.state = .resolved
      return MergeDecision(.resolve, next.countedBuckets == 1 ? .oneOffOver : .calm, next)
    }
    next.state = .recovering
    let isFirst = episode.state != .recovering
    return MergeDecision(isFirst ? .startRecovering : .keepRecovering, .insideBand, next)
  }

  /// One more bucket at a level that was out of the ordinary and is becoming what is normal.
  private func stay(_ advanced: Episode) -> MergeDecision {
    var next = advanced
    next.hold(row)
    if next.calmBuckets >= rules.newLevelBuckets(traits.granularity) {
      next.state = .resolved
      return MergeDecision(.resolve, .newNormal, next)
    }
    if next.reassess(row, traits, rules.severity) { return MergeDecision(.escalate, .worse, next) }
    return MergeDecision(.extend, .newLevel, next)
  }

  /// What would be expected of the bucket, had the level not followed the anomaly.
  private func formerExpected(_ episode: Episode) -> Double {
    let (baseline, actual) = (episode.baselineValue, episode.actualValue)
    switch traits.kind {
    case .count, .money:
      guard actual > 0, baseline > 0 else { return baseline }
      return row.expected * min(baseline / actual, 100)
    case .gauge, .ratio: return row.expected + baseline - actual
    }
  }

  /// What a person dismissed is followed in silence until it is over, so that it does not come
  /// back under another name.
  func followDismissed(_ episode: Episode) -> MergeDecision {
    if beginsAfresh(episode) { return open(after: episode) }
    var next = advanced(episode)
    if isOut(episode), episode.calmBuckets == 0 || row.finding(in: direction) != nil {
      next.extend(row)
      return MergeDecision(.extend, .dismissed, next)
    }
    next.calmBuckets += 1
    return MergeDecision(.nothing, .dismissed, next)
  }

  func revisit(_ episode: Episode) -> MergeDecision {
    guard row.finding(in: direction) != nil else {
      return MergeDecision(.nothing, .quiet, episode)
    }
    if beginsAfresh(episode) { return open(after: episode) }
    guard isOut(episode) else { return MergeDecision(.nothing, .echo, episode) }
    var next = advanced(episode)
    next.extend(row)
    // Single buckets days apart are not one occurrence, however near each is to the one before.
    guard Int64(next.countedBuckets) * rules.joinedShare >= next.durationBuckets else {
      return open(after: episode)
    }
    next.state = activeState(next)
    _ = next.reassess(row, traits, rules.severity)
    return MergeDecision(.reopen, .joined, next)
  }

  /// Whether a test fired on something that began too long after the end to belong to it.
  private func beginsAfresh(_ episode: Episode) -> Bool {
    guard let finding = row.finding(in: direction) else { return false }
    let horizon = Int64(episode.endBucket) + Int64(rules.joinBuckets(traits.granularity))
    return Int64(min(finding.startBucket, row.bucket)) > horizon
  }

  /// Whether the bucket is still out of the ordinary, to the anomaly's side.
  ///
  /// A long window fires on after the excursion has ended; the bucket alone then says that at
  /// least half of the distance has been regained.
  ///
  /// What is no matter of the bucket alone, such as a slow decline or another shape of the week,
  /// lasts as long as its test fires.
  private func isOut(_ episode: Episode) -> Bool {
    if row.z * direction.sign > rules.bandDeviations { return true }
    guard let finding = row.finding(in: direction) else { return false }
    // What a person's threshold says lasts as long as it says so.
    return !finding.kind.isOfWindow || !finding.rule.isEmpty || !hasRegainedHalf(episode)
  }

  private func hasRegainedHalf(_ episode: Episode, beside expected: Double? = nil) -> Bool {
    let expected = expected ?? row.expected
    let baseline = episode.baselineValue
    let actual = episode.actualValue
    let distance = (row.observed - expected) * direction.sign
    if distance <= 0 { return true }
    guard baseline > 0, actual > 0, row.observed > 0, expected > 0 else {
      return distance <= (actual - baseline).magnitude / 2
    }
    // Half of the distance on the scale of logarithms: the square of the ratio now beside the
    // ratio of the anomaly.
    let ratio = row.observed / expected
    let whole = actual / baseline
    return direction == .down ? ratio * ratio >= whole : ratio * ratio <= whole
  }

  private func advanced(_ episode: Episode) -> Episode {
    var next = episode
    if row.bucket > episode.lastBucket {
      next.lastBucket = row.bucket
      next.lastRevision = row.revision
    }
    return next
  }

  private func activeState(_ episode: Episode) -> AnomalyState {
    episode.isAcknowledged ? .acknowledged : .open
  }
}
