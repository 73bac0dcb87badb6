import Baselines
import Detection
import SeriesModel

/// A trial in words and numbers: what was measured, what was needed, and what held it back.
struct TrialWords {
  let trial: Trial
  let metric: Metric
  let age: Int

  /// Whether there is something to tell: the granularity has such a test, and a standstill is
  /// looked for only where a window has departed.
  var isMade: Bool {
    !trial.gates.contains { $0.reason == .noSuchTest || $0.name == .departed && !$0.isPassed }
  }

  /// What it is called.
  var name: String {
    let length = durationWords(Int64(trial.window), metric.granularity)
    switch trial.name {
    case .window: return length
    case .silence: return "silence"
    case .leaving: return "leaving"
    case .standstill: return "standstill"
    case .decline: return "slow decline"
    case .season: return "shape of season"
    case .plateau: return "plateau"
    case .adoption: return "adoption"
    case .stream: return "records"
    case .rule: return "rule \(oneLine(trial.rule))"
    }
  }

  /// The whole line behind the name.
  var line: String {
    if let gate = trial.gates.first(where: { $0.name == .judged && !$0.isPassed }) {
      return "not judged: " + words(gate.reason ?? .notNow)
    }
    let held = trial.gates.filter { !$0.isPassed }.map(heldBack)
    return measured + (held.isEmpty ? ": FIRED" : ": " + held.joined(separator: "; "))
  }

  /// What was measured and what was needed.
  var measured: String {
    let statistic = numberWords(trial.statistic.magnitude)
    let needed = numberWords(trial.threshold)
    switch trial.name {
    case .window:
      let side = trial.statistic < 0 ? "below" : "above"
      return "\(statistic) deviations \(side), needs \(needed)" + conditions
    case .rule: return "\(numberWords(trial.statistic)), needs \(needed)"
    case .stream: return "\(statistic) beyond what was ever seen, needs \(needed)"
    case .silence, .standstill, .plateau:
      let what = trial.name == .silence ? "at zero" : "with the same value"
      let run = durationWords(Int64(trial.window), metric.granularity)
      return "\(run) \(what), a chance of \(chance(trial.statistic)), needs"
        + " \(chance(trial.threshold))"
    case .leaving:
      let chance = percent(1 - exponential(-trial.statistic))
      guard trial.threshold.isFinite else { return "gone with a chance of \(chance)" }
      return "gone with a chance of \(chance), needs \(percent(1 - exponential(-trial.threshold)))"
    case .decline: return "\(statistic) deviations, needs \(needed)" + conditions
    case .season: return "a distance of \(statistic), needs \(needed)" + conditions
    case .adoption: return "\(statistic) units in a week, needs \(needed)"
    }
  }

  /// The least change and what it was.
  private var conditions: String {
    var parts: [String] = []
    if let gate = gate(.largeEffect) {
      parts.append("a change of at least \(change(gate.needed)); was \(change(gate.value))")
    }
    if let gate = gate(.largeChange), !gate.isPassed {
      parts.append("\(numberWords(gate.needed)) units; were \(numberWords(gate.value))")
    }
    return parts.isEmpty ? "" : " (and " + parts.joined(separator: ", ") + ")"
  }

  func gate(_ name: Gate.Name) -> Gate? { trial.gates.first { $0.name == name } }

  /// A log ratio to the trial's side as people say it.
  func change(_ size: Double) -> String {
    guard size.isFinite else { return "unknown" }
    // As `WindowRule.change` has it: 1.6 times the share of the level, or of three deviations.
    let isLevel = metric.kind == .gauge || metric.kind == .ratio
    if isLevel, trial.name == .window { return percent(size / 1.6) }
    let isUp = trial.name == .season || trial.change > 0
    return percent(isUp ? exponential(size) - 1 : 1 - exponential(-size))
  }

  func percent(_ share: Double) -> String { "\(numberWords((share * 100).rounded())) %" }

  /// How unlikely it is, from minus the log of its chance.
  private func chance(_ surprise: Double) -> String {
    surprise > 34 ? "less than 1 in 10^15" : "1 in \(numberWords(exponential(surprise).rounded()))"
  }

  /// What one condition that does not hold says.
  private func heldBack(_ gate: Gate) -> String {
    let unit = durationWords(1, metric.granularity).drop { $0 != " " }.dropFirst()
    switch gate.name {
    case .noZeroRun:
      return "\(durationWords(Int64(gate.value), metric.granularity)) at zero are judged as silence"
    case .beyondThreshold: return "not far enough"
    case .largeEffect: return "the change is too small to matter"
    case .largeChange: return "too few units to matter"
    case .newestOut: return "the newest \(unit) is back"
    case .steadyUse:
      return "too young to tell a fall from a habit of zeros (\(numberWords(gate.value)) before it)"
    case .longEnough:
      return "not long enough (\(numberWords(gate.value)) of \(numberWords(gate.needed)))"
    case .departed: return "no window is out of the ordinary"
    case .present: return "no value"
    case .ordinaryDay: return "holiday or known event"
    case .noPlatformEvent: return "platform event"
    case .judged: return words(gate.reason ?? .notNow)
    }
  }

  /// Why a test could not be made.
  func words(_ reason: Gate.Reason) -> String {
    switch reason {
    case .rowNotJudged: return "missing, a holiday, a known event or a platform event"
    case .tooYoung:
      return "too young, \(bucketWords(age, metric.granularity)) learned from"
    case .zeroHabit: return "zeros are common in the series"
    case .tooFewValues: return "fewer than 3 in 5 of its buckets have a value"
    case .tooSoon: return "the level was set anew in it, or shortly before"
    case .countsTrouble: return "the metric counts trouble, which is not taken up or given up"
    case .noSuchTest: return "there is no such test for this granularity"
    case .notNow: return notNow
    }
  }

  private var notNow: String {
    switch trial.name {
    case .silence, .leaving: "nothing is silent"
    case .adoption: "the series was in use before"
    case .plateau, .standstill: "no values are equal"
    case .decline: "asked once a week, where the level has fallen step by step"
    case .season: "asked once a week, where nothing else was found"
    case .stream: "nothing that was not seen before"
    case .window, .rule: "nothing to judge"
    }
  }
}
