import Classification
import Replay
import SeriesModel

/// What became of a row after the tests, in words.
struct MergeWords {
  let decision: ReplayedDecision
  let granularity: Granularity

  /// A line a side on which something was there to merge.
  var lines: [String] {
    var lines = decision.settled.map(line)
    for event in decision.events {
      let name = event.cohort.isEmpty ? "all customers" : oneLine(event.cohort)
      lines.append("platform event of \(name) since \(moment(event.since))")
    }
    return lines.isEmpty ? ["none lasts, and none begins"] : lines
  }

  func moment(_ bucket: Int32) -> String { momentText(Bucket(granularity, bucket)) }

  /// What became of one side.
  private func line(_ settled: SettledDecision) -> String {
    let made = settled.made
    guard let episode = made.decision.episode else { return "nothing" }
    let what =
      "\(episode.type.name), \(episode.severity.name), from \(moment(episode.startBucket)) to"
      + " \(moment(episode.endBucket))"
    return "\(outcome(settled)): \(what); \(reason(made.decision.reason))"
  }

  /// What was done.
  private func outcome(_ settled: SettledDecision) -> String {
    switch settled.outcome {
    case .opened: return settled.told == .reopened ? "began again" : "opened"
    case .joined: return "joined what the customer goes through as a whole"
    case .held: return "held, a platform event explains it"
    case .update: break
    }
    switch settled.made.decision.action {
    case .open: return "opened"
    case .extend: return "goes on"
    case .escalate: return "got worse"
    case .startRecovering, .keepRecovering: return "recovers"
    case .resume: return "goes on after a pause"
    case .resolve: return "is over"
    case .reopen: return "began again"
    case .withdraw: return "withdrawn"
    case .nothing: return "stays as it was"
    }
  }

  /// Why.
  private func reason(_ reason: MergeReason) -> String {
    switch reason {
    case .firstFinding: "a test fired and none to that side is near"
    case .outOfBand: "a test fired in a series that is out of its band"
    case .outOfBandAlone: "no test fired, but the bucket alone is out of the band"
    case .worse: "size or duration reached the next line"
    case .joined: "it began near the end of one that was over"
    case .insideBand: "the bucket is inside the band"
    case .calm: "enough buckets were inside the band"
    case .oneOffOver: "one bucket was out of the ordinary, and the series returned"
    case .likeOneOff: "one bucket alone, like an earlier one that was over in the next"
    case .newLevel: "the level has followed, and the series stays there"
    case .newNormal: "what lasts has become normal"
    case .echo: "a longer window still holds what is over"
    case .dismissed: "a person has said that it is no problem"
    case .likeDismissed: "no clearer than what a person has said is no problem"
    case .missing: "the bucket has no value"
    case .confirmed: "a correction confirms it"
    case .corrected: "a correction leaves nothing of it"
    case .beforeFollowed: "a correction before it"
    case .quiet: "no test fired"
    }
  }
}
