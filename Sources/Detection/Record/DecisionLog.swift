/// What listens while a row is decided.
///
/// There is one decision and two listeners: a scan's hears nothing and costs nothing, a record's
/// hears every condition, those as well that no longer matter.
protocol DecisionLog {
  /// Whether conditions are to be asked that cannot change the outcome any more.
  static var isComplete: Bool { get }

  /// Begins a trial; the conditions that follow are its own.
  mutating func begin(_ trial: @autoclosure () -> Trial)

  /// Tells the change that the trial speaks of.
  mutating func note(change: Double)

  /// Tells that a person has muted what the models found.
  mutating func mute()

  /// Tells a condition and hands back whether it holds.
  mutating func ask(
    _ name: Gate.Name, _ isPassed: Bool, _ value: @autoclosure () -> Double,
    _ needed: @autoclosure () -> Double, _ reason: @autoclosure () -> Gate.Reason?
  ) -> Bool
}

extension DecisionLog {
  mutating func ask(
    _ name: Gate.Name, _ isPassed: Bool, _ value: @autoclosure () -> Double = .nan,
    _ needed: @autoclosure () -> Double = .nan
  ) -> Bool {
    ask(name, isPassed, value(), needed(), nil)
  }
}

/// Hears nothing.
struct NoLog: DecisionLog {
  static var isComplete: Bool { false }

  @inline(__always)
  mutating func begin(_ trial: @autoclosure () -> Trial) {}

  @inline(__always)
  mutating func note(change: Double) {}

  @inline(__always)
  mutating func mute() {}

  @inline(__always)
  mutating func ask(
    _ name: Gate.Name, _ isPassed: Bool, _ value: @autoclosure () -> Double,
    _ needed: @autoclosure () -> Double, _ reason: @autoclosure () -> Gate.Reason?
  ) -> Bool { isPassed }
}

/// Hears everything.
struct FullLog: DecisionLog {
  static var isComplete: Bool { true }

  /// Conditions of the row as a whole.
  private(set) var gates: [Gate] = []
  private(set) var trials: [Trial] = []
  private(set) var isMuted = false

  mutating func begin(_ trial: @autoclosure () -> Trial) { trials.append(trial()) }

  mutating func mute() { isMuted = true }

  mutating func note(change: Double) {
    if !trials.isEmpty { trials[trials.count - 1].change = change }
  }

  mutating func ask(
    _ name: Gate.Name, _ isPassed: Bool, _ value: @autoclosure () -> Double,
    _ needed: @autoclosure () -> Double, _ reason: @autoclosure () -> Gate.Reason?
  ) -> Bool {
    let gate = Gate(
      name, isPassed: isPassed, value: value(), needed: needed(),
      reason: isPassed ? nil : reason())
    if trials.isEmpty { gates.append(gate) } else { trials[trials.count - 1].gates.append(gate) }
    return isPassed
  }
}
