internal import Alerting
internal import Integration
internal import JSON

/// A message in Slack's Block Kit.
///
/// The budgets of the parts add up to less than the whole may have, so a message is never refused
/// for its length. They are counted in UTF-16 and after escaping, which is never less than what
/// Slack counts.
struct SlackMessage {
  /// Most blocks of a message (docs.slack.dev/reference/block-kit/blocks: 50).
  static let blocksLimit = 50
  /// Longest text of a header block (docs.slack.dev/reference/block-kit/blocks/header-block).
  static let headerLimit = 150
  /// Longest text of a section block (docs.slack.dev/reference/block-kit/blocks/section-block).
  static let sectionLimit = 3_000
  /// Most fields of a section block, and the longest of them (the same page).
  static let fieldsLimit = 10
  static let fieldLimit = 2_000
  /// Longest address of a button
  /// (docs.slack.dev/reference/block-kit/block-elements/button-element).
  static let buttonURLLimit = 3_000
  /// Longest sum of all texts: above some 13,200 Slack says `msg_blocks_too_long`, which no page
  /// documents (github.com/slackapi/bolt-js/issues/2509).
  static let totalLimit = 8_000

  // What we spend of these limits.
  private static let fallbackBudget = 300
  private static let sentenceBudget = 1_000
  private static let fieldBudget = 300
  private static let nextActionsBudget = 600
  private static let barsBudget = 300
  private static let othersShown = 8
  private static let otherBudget = 200

  /// What is shown where blocks are not, as in a notification.
  let text: String

  let blocks: [JSONValue]

  init(_ message: OutgoingMessage) {
    text = Self.escaped(message.subject, limit: Self.fallbackBudget)
    let lead = message.lead.text
    var blocks = [
      Self.header(message.subject),
      Self.section(Self.escaped(lead.sentence, limit: Self.sentenceBudget)),
    ]
    blocks += Self.fields(lead.facts)
    if let bars = ComparisonBars(message.lead.notice) {
      let drawn = Self.escaped(bars.text.replacing("`", with: "'"), limit: Self.barsBudget)
      blocks.append(Self.section("```\n\(drawn)\n```"))
    }
    if !lead.nextActions.isEmpty {
      let steps = lead.nextActions.map { "• \($0)" }.joined(separator: "\n")
      let words = Self.escaped(steps, limit: Self.nextActionsBudget)
      blocks.append(Self.section("*What to do next*\n\(words)"))
    }
    blocks += Self.others(message)
    if let words = message.reasonWords {
      blocks.append(["type": "context", "elements": [Self.mrkdwn(words)]])
    }
    blocks += Self.button(message.link)
    self.blocks = blocks
  }

  private static func header(_ subject: String) -> JSONValue {
    let text = escaped(subject, limit: headerLimit)
    return [
      "type": "header",
      "text": [
        "type": "plain_text", "text": .string(text.isEmpty ? "Tidemark" : text), "emoji": false,
      ],
    ]
  }

  private static func section(_ text: String) -> JSONValue {
    ["type": "section", "text": mrkdwn(text)]
  }

  /// Text whose addresses and names of channels stay text.
  private static func mrkdwn(_ text: String) -> JSONValue {
    ["type": "mrkdwn", "text": .string(text.isEmpty ? "-" : text), "verbatim": true]
  }

  private static func fields(_ facts: [NoticeText.Fact]) -> [JSONValue] {
    let fields = facts.prefix(fieldsLimit).map { fact in
      mrkdwn(
        "*\(escaped(fact.name, limit: 80))*\n\(escaped(fact.value, limit: fieldBudget - 84))")
    }
    return fields.isEmpty ? [] : [["type": "section", "fields": .array(fields)]]
  }

  private static func others(_ message: OutgoingMessage) -> [JSONValue] {
    var lines = message.otherSubjects(limit: othersShown).map { subject in
      "• \(escaped(subject, limit: otherBudget))"
    }
    let more = message.remainingCount(afterOthers: othersShown)
    if more > 0 {
      // A bar would end the address, and so would a bracket, which escaping takes away.
      let link = message.link.flatMap { $0.contains("|") ? nil : escaped($0, limit: .max) }
      lines.append(
        link.flatMap { $0.utf16.count <= otherBudget ? "<\($0)|… and \(more) more>" : nil }
          ?? "… and \(more) more")
    }
    return lines.isEmpty ? [] : [section(lines.joined(separator: "\n"))]
  }

  private static func button(_ link: String?) -> [JSONValue] {
    guard let link, link.utf16.count <= buttonURLLimit else { return [] }
    let text: JSONValue = ["type": "plain_text", "text": "Open in Tidemark"]
    return [
      [
        "type": "actions",
        "elements": [["type": "button", "text": text, "url": .string(link)]],
      ]
    ]
  }

  /// The text with the three characters replaced that Slack reads, cut between characters.
  ///
  /// Nothing else is escaped: Slack would show it as it stands
  /// (docs.slack.dev/messaging/formatting-message-text).
  static func escaped(_ text: String, limit: Int) -> String {
    var whole = ""
    var count = 0
    // How much leaves room for the sign of a cut.
    var kept = 0
    for scalar in text.unicodeScalars {
      let piece: String =
        switch scalar {
        case "&": "&amp;"
        case "<": "&lt;"
        case ">": "&gt;"
        default: String(scalar)
        }
      count += piece.utf16.count
      if count > limit { return String(decoding: whole.utf8.prefix(kept), as: UTF8.self) + "…" }
      whole += piece
      if count < limit { kept = whole.utf8.count }
    }
    return whole
  }
}
