internal import Alerting
internal import Integration
internal import YAML

// The words of messages.
extension RoutesReader {
  mutating func templates(_ entry: YAMLNode.Entry?) -> MessageTemplates {
    guard let entry, !entry.value.isNull else { return .shipped }
    let known = [
      "subject", "sentence", "opportunity_subject", "opportunity_sentence", "end_subject",
      "end_sentence", "actions",
    ]
    guard let keys = shapes.mapping(entry.value, "'templates'", known) else { return .shipped }
    return MessageTemplates(
      subject: template(keys["subject"]), sentence: template(keys["sentence"]),
      opportunitySubject: template(keys["opportunity_subject"]),
      opportunitySentence: template(keys["opportunity_sentence"]),
      endSubject: template(keys["end_subject"]), endSentence: template(keys["end_sentence"]),
      actions: actions(keys["actions"]))
  }

  private mutating func template(_ entry: YAMLNode.Entry?) -> MessageTemplate? {
    guard let entry, let text = shapes.text(entry) else { return nil }
    do {
      return try MessageTemplate(parsing: text)
    } catch {
      shapes.refuse(entry.value, error.detail)
      return nil
    }
  }

  private mutating func actions(_ entry: YAMLNode.Entry?) -> [String: String] {
    guard let entry, !entry.value.isNull else { return [:] }
    guard let entries = entry.value.entries else {
      shapes.refuse(entry, "'actions' must be a mapping of actions to sentences")
      return [:]
    }
    var actions: [String: String] = [:]
    for action in entries {
      guard let text = shapes.text(action) else { continue }
      if text.contains(where: \.isNewline) || text.utf8.count > MessageTemplate.bytesLimit {
        shapes.refuse(action, "what to do next is one line of \(MessageTemplate.bytesLimit) bytes")
      }
      actions[action.key] = text
    }
    return actions
  }
}
