import Alerting
import SeriesModel

// Escalations: who is told next when nobody answers.
extension ReferenceNotifier {
  struct Climb {
    var anomaly: AnomalyReference
    var hit: Hit
    var policy: String
    /// `idle`, `on its way`, `told`, `taken`, `through` or `over`.
    var state = "idle"
    var step = 0
    var round = 0
    var lastRound: Int
    var since: Int64 = 0
    var hasBegun = false
    var isOnRoute = true
  }

  func prepareClimb(_ notice: Notice, _ hit: Hit) {
    if climbs.contains(where: { $0.anomaly == notice.anomaly && $0.hit.key == hit.key }) { return }
    guard let name = hit.escalation, let policy = settings.policies[name] else { return }
    climbs.append(
      Climb(anomaly: notice.anomaly, hit: hit, policy: name, lastRound: policy.repeats))
  }

  func deadline(_ climb: Climb) -> Int64? {
    guard climb.isOnRoute, let policy = settings.policies[climb.policy] else { return nil }
    let step = policy.steps[climb.step]
    switch climb.state {
    case "on its way": return climb.since + step.delivery * 1_000_000
    case "told": return climb.since + step.acknowledgement * 1_000_000
    default: return nil
    }
  }

  /// A message about an anomaly has come to a receiver of this way.
  func hearDelivery(_ anomaly: AnomalyReference, _ hit: Hit, at now: Int64) {
    for place in climbs.indices
    where climbs[place].anomaly == anomaly && climbs[place].hit.key == hit.key {
      guard ["idle", "on its way"].contains(climbs[place].state) else { continue }
      climbs[place].state = "told"
      climbs[place].hasBegun = true
      climbs[place].since = now
    }
  }

  func hearChange(_ notice: Notice, at now: Int64) {
    for place in climbs.indices where climbs[place].anomaly == notice.anomaly {
      switch (notice.kind, notice.state, climbs[place].state) {
      case (.resolved, _, _), (.dismissed, _, _), (.withdrawn, _, _):
        climbs[place].state = "over"
      case (.reopened, _, "over"), (.opened, "open", "taken"), (.changed, "open", "taken"):
        beginAgain(place, at: now)
      case (.opened, "acknowledged", let state), (.changed, "acknowledged", let state):
        if state != "over" { climbs[place].state = "taken" }
      default: break
      }
    }
  }

  private func beginAgain(_ place: Int, at now: Int64) {
    guard climbs[place].hasBegun, let policy = settings.policies[climbs[place].policy] else {
      climbs[place].state = "idle"
      return
    }
    climbs[place].round += 1
    climbs[place].lastRound = climbs[place].round + policy.repeats
    tell(place, step: 0, at: now)
  }

  func climb(at now: Int64) {
    for place in climbs.indices {
      guard let due = deadline(climbs[place]), due <= now,
        let policy = settings.policies[climbs[place].policy]
      else { continue }
      if climbs[place].step + 1 < policy.steps.count {
        tell(place, step: climbs[place].step + 1, at: now)
      } else if climbs[place].round < climbs[place].lastRound {
        climbs[place].round += 1
        tell(place, step: 0, at: now)
      } else {
        climbs[place].state = "through"
      }
    }
  }

  private func tell(_ place: Int, step: Int, at now: Int64) {
    climbs[place].step = step
    climbs[place].state = "on its way"
    climbs[place].since = now
    let climb = climbs[place]
    guard climb.isOnRoute, let notice = notices[climb.anomaly], !notice.kind.isEnd,
      let policy = settings.policies[climb.policy]
    else { return }
    for target in targets(policy.steps[step].receivers, climb.hit, notice, isFirst: false) {
      let group = insert(notice, target, at: now)
      group.members[notice.anomaly]?.isPrompted = true
      // Whoever is next does not wait for a group to fill.
      group.tick = now
    }
  }

  /// The groups that later steps have told of an anomaly, on routes that still lead there.
  func climbedGroups(_ notice: Notice) -> Set<String> {
    var found: Set<String> = []
    let hits = hits(labels[notice.anomaly] ?? [:])
    for place in climbs.indices where climbs[place].anomaly == notice.anomaly {
      let hit = hits.first { $0.key == climbs[place].hit.key }
      climbs[place].isOnRoute = hit != nil
      guard let hit, climbs[place].hasBegun, let policy = settings.policies[climbs[place].policy]
      else { continue }
      let told = climbs[place].round > 0 ? policy.steps.count : climbs[place].step + 1
      for step in policy.steps.prefix(told) {
        for target in targets(step.receivers, hit, notice, isFirst: false) {
          found.insert(id(target, notice))
        }
      }
    }
    return found
  }
}
