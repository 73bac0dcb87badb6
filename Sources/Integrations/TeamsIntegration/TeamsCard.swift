internal import Alerting
internal import Integration
internal import JSON

/// A message with one Adaptive Card, as a workflow takes it.
struct TeamsCard {
  /// Largest message, in bytes: Teams says 28 KB, approximately
  /// (learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using).
  static let bytesLimit = 28_000
  /// The version of Adaptive Cards that all clients of Teams know.
  static let version = "1.2"

  // What texts are cut to, in bytes. They add up to less than half of the limit, because a quote
  // takes two bytes in JSON; so a card with the lead alone is never too large.
  private static let titleBudget = 600
  private static let sentenceBudget = 1_500
  private static let factsShown = 12
  private static let nameBudget = 80
  private static let valueBudget = 400
  private static let nextActionsShown = 10
  private static let lineBudget = 200
  private static let linkBudget = 1_500

  let body: [UInt8]

  init(_ message: OutgoingMessage) {
    guard let body = message.fitting(bytesLimit: Self.bytesLimit, Self.envelope) else {
      preconditionFailure("the budgets of a card add up to more than its limit")
    }
    self.body = body
  }

  private static func envelope(_ message: OutgoingMessage) -> JSONValue {
    let attachment: JSONValue = [
      "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil,
      "content": .object(card(message)),
    ]
    return ["type": "message", "attachments": [attachment]]
  }

  private static func card(_ message: OutgoingMessage) -> JSONObject {
    let lead = message.lead.text
    var body = [
      text(
        message.subject, titleBudget,
        ["size": "Medium", "weight": "Bolder", "style": "heading", "color": color(message)]),
      text(lead.sentence, sentenceBudget),
    ]
    let facts = lead.facts.prefix(factsShown).map { fact -> JSONValue in
      [
        "title": .string(plain(fact.name, nameBudget)),
        "value": .string(plain(fact.value, valueBudget)),
      ]
    }
    if !facts.isEmpty { body.append(["type": "FactSet", "facts": .array(Array(facts))]) }
    if let bars = ComparisonBars(message.lead.notice) {
      for line in bars.text.split(separator: "\n") {
        body.append(text(String(line), lineBudget, ["fontType": "Monospace", "spacing": "None"]))
      }
    }
    if !lead.nextActions.isEmpty {
      body.append(text("What to do next", lineBudget, ["weight": "Bolder"]))
      body += lead.nextActions.prefix(nextActionsShown).map { step in
        text("• \(step)", lineBudget, ["spacing": "None"])
      }
    }
    body += others(message)
    if let words = message.reasonWords { body.append(text(words, lineBudget, ["isSubtle": true])) }
    var card: JSONObject = [
      "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard",
      "version": .string(version), "body": .array(body), "msteams": ["width": "full"],
    ]
    if let link = message.link, link.utf8.count <= linkBudget {
      card["actions"] = [
        ["type": "Action.OpenUrl", "title": "Open in Tidemark", "url": .string(link)]
      ]
    }
    return card
  }

  private static func others(_ message: OutgoingMessage) -> [JSONValue] {
    var lines = message.otherSubjects(limit: .max).map {
      text("• \($0)", lineBudget, ["spacing": "None"])
    }
    if message.omittedCount > 0 {
      lines.append(text("… and \(message.omittedCount) more", lineBudget, ["spacing": "None"]))
    }
    return lines.isEmpty ? [] : [text("Also", lineBudget, ["weight": "Bolder"])] + lines
  }

  private static func text(
    _ text: String, _ budget: Int, _ looks: JSONObject = [:]
  ) -> JSONValue {
    var block: JSONObject = [
      "type": "TextBlock", "text": .string(plain(text, budget)), "wrap": true,
    ]
    for look in looks.members { block[look.key] = look.value }
    return .object(block)
  }

  /// The text without what Teams would make a link of: names come from customers.
  ///
  /// A character without width stands between the two brackets of Markdown's link, and between the
  /// colon and the slashes of an address.
  static func plain(_ text: String, _ budget: Int) -> String {
    // What is beyond as many characters as bytes are allowed need not be looked at.
    text.cut(scalars: budget).replacing("](", with: "]\u{200b}(")
      .replacing("://", with: ":\u{200b}//").cut(utf8: budget)
  }

  private static func color(_ message: OutgoingMessage) -> JSONValue {
    let notice = message.lead.notice
    if message.action == .resolve || notice.kind.isEnd || notice.intent == .opportunity {
      return "Good"
    }
    return switch notice.severity {
    case .critical: "Attention"
    case .warning: "Warning"
    case .info: "Default"
    }
  }
}
