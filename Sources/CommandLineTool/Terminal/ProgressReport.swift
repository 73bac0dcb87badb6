/// Shows how far something has come: a bar on a terminal, else a line every few seconds.
struct ProgressReport {
  /// The time between two lines where there is no terminal.
  static let lineSeconds = 3

  private let terminal: Terminal
  private let label: String
  private let unit: String
  private let started: ContinuousClock.Instant
  private var lastShown: ContinuousClock.Instant?

  /// Begins; the clock's instants come with each call.
  init(_ terminal: Terminal, label: String, unit: String, at now: ContinuousClock.Instant) {
    self.terminal = terminal
    self.label = label
    self.unit = unit
    self.started = now
  }

  /// Shows the state if it is time to.
  mutating func update(_ done: Int64, of due: Int64, at now: ContinuousClock.Instant) {
    let gap: Duration = terminal.isInteractive ? .milliseconds(100) : .seconds(Self.lineSeconds)
    if let lastShown, now - lastShown < gap { return }
    lastShown = now
    show(done, of: due, at: now, end: terminal.isInteractive ? "" : "\n")
  }

  /// Shows the last state.
  mutating func finish(_ done: Int64, of due: Int64, at now: ContinuousClock.Instant) {
    show(done, of: due, at: now, end: "\n")
  }

  private func show(
    _ done: Int64, of due: Int64, at now: ContinuousClock.Instant, end: String
  ) {
    let start = terminal.isInteractive ? "\r\u{1B}[K" : ""
    let bar = Self.bar(done, of: due, width: 30)
    let seconds = (now - started).components.seconds
    terminal.writeAside(
      "\(start)\(label) \(bar) \(grouped(done)) of \(grouped(due)) \(unit), \(seconds) s\(end)")
  }

  /// The bar and its percentage; full only when all is done.
  static func bar(_ done: Int64, of due: Int64, width: Int) -> String {
    let share = due <= 0 ? 1 : min(1, max(0, Double(done) / Double(due)))
    let filled = Int(share * Double(width))
    let percent = String(Int(share * 100))
    let padding = String(repeating: " ", count: max(0, 3 - percent.count))
    return "[" + String(repeating: "#", count: filled)
      + String(repeating: "-", count: width - filled) + "] \(padding)\(percent) %"
  }
}

/// A number of things, such as `1 row` or `1,200 rows`.
func grouped(_ number: Int64, _ noun: String) -> String {
  "\(grouped(number)) \(noun)\(number == 1 ? "" : "s")"
}

/// A whole number with commas between thousands.
func grouped(_ number: Int64) -> String {
  var text = ""
  for (index, digit) in String(number.magnitude).reversed().enumerated() {
    if index > 0 && index.isMultiple(of: 3) { text.append(",") }
    text.append(digit)
  }
  return (number < 0 ? "-" : "") + String(text.reversed())
}
