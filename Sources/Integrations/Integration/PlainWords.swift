internal import Alerting

extension OutgoingMessage {
  /// The message as plain text of several lines: the lead in full, each other anomaly as a line,
  /// and how many more there are.
  ///
  /// - Parameter otherLimit: Most anomalies beside the lead that get a line.
  /// - Returns: Lines without one at the end.
  public func plainWords(otherLimit: Int = 20) -> String {
    let text = lead.text
    var lines = [text.sentence, ""] + text.facts.map { "\($0.name): \($0.value)" }
    if !text.nextActions.isEmpty {
      lines += ["", "What to do next:"] + text.nextActions.map { "- \($0)" }
    }
    let others = items.dropFirst().prefix(otherLimit)
    if !others.isEmpty { lines += ["", "Also:"] + others.map { "- \($0.text.subject)" } }
    let more = omittedCount + max(0, items.count - 1 - otherLimit)
    if more > 0 { lines += ["", "... and \(more) more."] }
    if let link { lines += ["", "All anomalies of the customer: \(link)"] }
    return lines.map(\.singleLine).joined(separator: "\n")
  }

  /// What a later message of a thread says in a few lines.
  public var plainUpdate: String {
    if action == .acknowledge { return "Somebody has taken this on." }
    return plainWords()
  }
}
