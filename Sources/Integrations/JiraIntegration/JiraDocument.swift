internal import Alerting
internal import Integration
internal import JSON

/// A text in Atlassian Document Format, which REST v3 wants for descriptions and comments.
struct JiraDocument {
  let value: JSONValue

  /// A message in full; anomalies beside the lead are left out until it fits.
  init(_ message: OutgoingMessage) {
    var count = min(message.items.count, 50)
    var document = Self.document(message, keeping: count)
    while count > 1, document.encodedBytes().count > JiraSettings.documentBytesLimit {
      count /= 2
      document = Self.document(message, keeping: count)
    }
    value = document
  }

  /// One paragraph.
  init(_ text: String) {
    value = Self.document([Self.paragraph(text)])
  }

  private static func document(_ message: OutgoingMessage, keeping count: Int) -> JSONValue {
    let text = message.lead.text
    var blocks = [paragraph(text.sentence, isStrong: true)]
    blocks.append(list(text.facts.map { "\($0.name): \($0.value)" }))
    if !text.nextActions.isEmpty {
      blocks += [paragraph("What to do next:"), list(text.nextActions)]
    }
    let others = message.items.prefix(count).dropFirst().map(\.text.subject)
    if !others.isEmpty { blocks += [paragraph("Also:"), list(others)] }
    let more = message.omittedCount + message.items.count - max(1, count)
    if more > 0 { blocks.append(paragraph("... and \(more) more.")) }
    if let link = message.link {
      blocks.append(paragraph("All anomalies of the customer", link: link))
    }
    return document(blocks)
  }

  private static func document(_ blocks: [JSONValue]) -> JSONValue {
    ["type": "doc", "version": 1, "content": .array(blocks)]
  }

  private static func paragraph(
    _ text: String, isStrong: Bool = false, link: String? = nil
  ) -> JSONValue {
    // A text node without text is refused.
    let words = text.singleLine.cut(utf16: JiraSettings.factLimit)
    var node: JSONObject = ["type": "text", "text": .string(words.isEmpty ? "-" : words)]
    if isStrong { node["marks"] = [["type": "strong"]] }
    if let link { node["marks"] = [["type": "link", "attrs": ["href": .string(link)]]] }
    return ["type": "paragraph", "content": [.object(node)]]
  }

  private static func list(_ texts: [String]) -> JSONValue {
    let items = texts.map { text -> JSONValue in
      ["type": "listItem", "content": [paragraph(text)]]
    }
    return ["type": "bulletList", "content": .array(items)]
  }
}
