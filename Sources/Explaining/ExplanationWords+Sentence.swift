import Baselines
import Classification
import Detection
import Replay
import SeriesModel

extension ExplanationWords {
  /// Everything in one sentence.
  var sentence: String {
    guard let decision = explanation.decision else { return "Nothing was raised: \(noRow)." }
    let record = decision.record
    guard let finding = record.finding else {
      return going(decision) ?? "Nothing was raised: \(quiet(record))."
    }
    let side = AnomalyType(finding.kind).direction
    let settled = decision.settled.first { $0.made.direction == side }
    guard let settled, let episode = settled.made.decision.episode else {
      return "A test fired (\(deciding(record))), and nothing followed from it."
    }
    let summary = summary(episode)
    switch settled.outcome {
    case .opened:
      let verb = settled.told == .reopened ? "Raised again" : "Raised"
      return "\(verb): \(summary) (\(episode.severity.name)): \(deciding(record))."
    case .joined:
      return "Not raised by itself: \(summary) is part of what the customer goes through as a whole"
        + " (\(deciding(record)))."
    case .held:
      return "Not raised: a platform event explains the \(summary) (\(deciding(record)))."
    case .update:
      let told = settled.told == .changed ? "got worse" : "goes on"
      return "Nothing new was raised: the anomaly since"
        + " \(momentText(Bucket(granularity, episode.startBucket))) \(told)"
        + " (\(summary)): \(deciding(record))."
    }
  }

  private func summary(_ episode: Episode) -> String {
    Wording.summary(
      type: episode.type, metric: metric, actual: episode.actualValue,
      baseline: episode.baselineValue, durationBuckets: episode.durationBuckets)
  }

  /// The test that decided.
  private func deciding(_ record: DecisionRecord) -> String {
    guard let trial = record.deciding else { return "no test" }
    let words = TrialWords(trial: trial, metric: metric, age: record.age)
    return "\(words.name): \(words.measured)"
  }

  /// Why there is no row.
  private var noRow: String {
    let unit = granularity == .fiveMinutes ? "5 minutes" : granularity.name
    if explanation.value.isNaN {
      return explanation.hasBegun
        ? "there is no value for this \(unit), and what is missing is not judged"
        : "the series has not begun"
    }
    return "it is the first value of the series, with nothing to compare it with"
  }

  /// What an anomaly that lasts makes of a row without a finding.
  private func going(_ decision: ReplayedDecision) -> String? {
    guard let settled = decision.settled.first(where: { $0.made.decision.action != .nothing }),
      let episode = settled.made.decision.episode
    else { return nil }
    let since = momentText(Bucket(granularity, episode.startBucket))
    let verb =
      switch settled.made.decision.action {
      case .resolve: "is over"
      case .startRecovering, .keepRecovering: "is back inside the band"
      default: "goes on"
      }
    return "Nothing new was raised: the anomaly since \(since) \(verb) (\(summary(episode)))."
  }

  /// Why no test fired.
  private func quiet(_ record: DecisionRecord) -> String {
    for gate in record.gates where !gate.isPassed {
      switch gate.name {
      case .ordinaryDay: return "it is a holiday or part of a known event, which is not judged"
      case .noPlatformEvent: return "the whole cohort was down, which says nothing of one customer"
      default: return "there is no value"
      }
    }
    if record.isMuted { return "a rule mutes what was found" }
    let windows = record.trials.filter { trial in
      trial.name == .window && trial.gates.contains { $0.name == .judged && $0.isPassed }
    }
    // What passed the most conditions is the nearest to an alarm, then what is furthest out.
    let nearest = windows.max { left, right in
      let counts = [left, right].map { $0.gates.count(where: { !$0.isPassed }) }
      return counts[0] == counts[1] ? left.ratio < right.ratio : counts[0] > counts[1]
    }
    guard let nearest else { return unjudged(record) }
    return quiet(nearest, record)
  }

  private func unjudged(_ record: DecisionRecord) -> String {
    let shown = record.trials.map { TrialWords(trial: $0, metric: metric, age: record.age) }
    guard let first = shown.first(where: \.isMade) else { return "there is no test for it" }
    if let stream = shown.first(where: { $0.trial.name == .stream || $0.trial.name == .leaving }) {
      return stream.line
    }
    let window = shown.first { $0.trial.name == .window } ?? first
    return "no window could be judged, \(window.line.replacing("not judged: ", with: ""))"
  }

  /// What held the nearest window back.
  private func quiet(_ trial: Trial, _ record: DecisionRecord) -> String {
    let words = TrialWords(trial: trial, metric: metric, age: record.age)
    let span = trial.window == 1 ? "" : " over \(words.name)"
    let isDown = trial.statistic < 0
    let size = words.change(trial.change.magnitude)
    let what =
      size == "0 %" ? "what was seen\(span)" : "the \(isDown ? "drop" : "rise") of \(size)\(span)"
    let numbers =
      "\(numberWords(trial.statistic.magnitude)) of \(numberWords(trial.threshold)) deviations"
    let failed = Set(trial.gates.filter { !$0.isPassed }.map(\.name))
    if failed.contains(.noZeroRun) {
      let silence = record.trials.first { $0.name == .silence && $0.statistic > 0 }
      guard let silence else { return "zeros in a row are judged as silence" }
      let line = TrialWords(trial: silence, metric: metric, age: record.age).line
      return "zeros in a row are judged as silence, and \(line)"
    }
    if failed.contains(.beyondThreshold) {
      return "\(what) is within what \(vary(trial)) (\(numbers))"
    }
    if failed.contains(.newestOut) {
      return "\(what) is beyond chance (\(numbers)), but this \(granularity.name) is back"
    }
    if failed.contains(.largeEffect), let gate = words.gate(.largeEffect) {
      return "\(what) is beyond chance (\(numbers)), but below the \(words.change(gate.needed))"
        + " that matter"
    }
    if failed.contains(.steadyUse) {
      return "\(what) is beyond chance (\(numbers)), but the series is too young for a fall to be"
        + " told from a habit of zeros"
    }
    return "\(what) is beyond chance (\(numbers)), but too few units to matter"
  }

  private func vary(_ trial: Trial) -> String {
    switch granularity {
    case .day where trial.window == 1: "\(weekday)s vary"
    case .day, .week, .hour, .fiveMinutes:
      "\(durationWords(Int64(trial.window), granularity)) var\(trial.window == 1 ? "ies" : "y")"
    }
  }
}
