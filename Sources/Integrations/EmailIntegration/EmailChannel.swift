internal import Alerting
internal import Egress
internal import Integration
internal import SeriesModel

/// Sends mail.
struct EmailChannel: DeliveryChannel {
  let settings: EmailSettings
  let client: MailClient

  func send(_ message: OutgoingMessage, now: Int64) async -> SendResult {
    let recipients = settings.addresses(for: message)
    guard !recipients.isEmpty else { return .refused(Self.nobody(message)) }
    do {
      let content = try document(message, recipients).encoded()
      let receipt = try await client.send(
        MailMessage(
          from: settings.from.address, recipients: recipients, content: content))
      return SendResult(outcome: .taken, answer: receipt.reply, payload: Self.logged(content))
    } catch {
      return SendResult(failure: error)
    }
  }

  private static func nobody(_ message: OutgoingMessage) -> String {
    if let person = message.recipients.first { return "\(person.name) has no mail address" }
    return "the customer's owner '\(message.lead.notice.customer.owner)' has no mail address"
  }

  private static func logged(_ content: [UInt8]) -> String {
    String(decoding: content.prefix(payloadLogLimit), as: UTF8.self)
  }

  /// The mail; but for the message it depends on nothing, so a repetition is the same mail.
  private func document(_ message: OutgoingMessage, _ recipients: [String]) -> MailDocument {
    let host = settings.from.address.split(separator: "@").last.map(String.init) ?? "tidemark"
    // A thread has no real first mail that all its mails could point to, so they point to a name.
    let thread = message.threadKey.split(separator: ":").last.map(String.init) ?? ""
    return MailDocument(
      from: settings.from, to: recipients.map { MailDocument.Mailbox(address: $0) },
      subject: message.subject,
      unixSeconds: message.lead.notice.changedUnixMicroseconds / 1_000_000,
      messageID: "\(message.delivery)@\(host)",
      threadID: "tidemark-\(thread.prefix(40))@\(host)",
      text: EmailText.plain(message), html: EmailText.html(message))
  }
}

/// The two bodies of a mail.
enum EmailText {
  static func plain(_ message: OutgoingMessage) -> String {
    var lines: [String] = []
    for text in message.items.map(\.text) {
      lines += [text.sentence, ""] + text.facts.map { "\($0.name): \($0.value)" }
      if !text.nextActions.isEmpty {
        lines += ["", "What to do next:"] + text.nextActions.map { "- \($0)" }
      }
      if let link = text.link { lines += ["", "All anomalies of this customer: \(link)"] }
      lines += ["", ""]
    }
    lines.removeLast()
    if message.omittedCount > 0 { lines += ["... and \(message.omittedCount) more.", ""] }
    lines += ["-- ", "Sent by Tidemark.", ""]
    return lines.joined(separator: "\n")
  }

  static func html(_ message: OutgoingMessage) -> String {
    var html = "<!doctype html>\n<html><body style=\"font-family:sans-serif\">\n"
    html += message.items.map { part($0.text) }.joined(separator: "<hr>\n")
    if message.omittedCount > 0 { html += "<p>... and \(message.omittedCount) more.</p>\n" }
    return html + "<p style=\"color:#888\">Sent by Tidemark.</p>\n</body></html>\n"
  }

  private static func part(_ text: NoticeText) -> String {
    var html = "<p><strong>\(escaped(text.sentence))</strong></p>\n<table>\n"
    for fact in text.facts {
      html += "<tr><td style=\"color:#555;padding-right:1em\">\(escaped(fact.name))</td>"
      html += "<td>\(escaped(fact.value))</td></tr>\n"
    }
    html += "</table>\n"
    if !text.nextActions.isEmpty {
      let items = text.nextActions.map { "<li>\(escaped($0))</li>" }.joined()
      html += "<p>What to do next:</p><ul>\(items)</ul>\n"
    }
    if let link = text.link {
      html += "<p><a href=\"\(escaped(link))\">All anomalies of this customer</a></p>\n"
    }
    return html
  }

  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.append(character)
      }
    }
    return result
  }
}
