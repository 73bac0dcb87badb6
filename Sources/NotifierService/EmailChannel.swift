internal import Alerting
internal import Egress
internal import SeriesModel

/// Sends mail.
struct EmailChannel: DeliveryChannel {
  let settings: EmailSettings
  let client: MailClient
  let publicURL: String?

  func waitMicroseconds(for message: OutgoingMessage, now: Int64) -> Int64? { nil }

  func send(_ message: OutgoingMessage) async -> SendResult {
    let recipients = settings.addresses(owner: message.notice.customer.owner)
    guard !recipients.isEmpty else {
      return SendResult(
        outcome: .refused,
        answer: "the customer's owner '\(message.notice.customer.owner)' has no mail address")
    }
    do {
      let content = try document(message, recipients).encoded()
      let receipt = try await client.send(
        MailMessage(
          from: settings.from.address, recipients: recipients, content: content))
      return SendResult(outcome: .taken, answer: receipt.reply)
    } catch {
      return SendResult(failure: error)
    }
  }

  /// The mail; but for the notice it depends on nothing, so a repetition is the same mail.
  private func document(_ message: OutgoingMessage, _ recipients: [String]) -> MailDocument {
    let text = NoticeText(message.notice, publicURL: publicURL)
    let host = settings.from.address.split(separator: "@").last.map(String.init) ?? "tidemark"
    // A thread has no real first mail that all its mails could point to, so they point to a name.
    let thread = message.deduplicationKey.split(separator: ":").last.map(String.init) ?? ""
    return MailDocument(
      from: settings.from, to: recipients.map { MailDocument.Mailbox(address: $0) },
      subject: text.subject,
      unixSeconds: message.notice.changedUnixMicroseconds / 1_000_000,
      messageID: "\(message.delivery)@\(host)",
      threadID: "tidemark-\(thread.prefix(40))@\(host)",
      text: EmailText.plain(text), html: EmailText.html(text))
  }
}

/// The two bodies of a mail.
enum EmailText {
  static func plain(_ text: NoticeText) -> String {
    var lines = [text.sentence, ""]
    lines += text.facts.map { "\($0.name): \($0.value)" }
    if !text.nextActions.isEmpty {
      lines += ["", "What to do next:"] + text.nextActions.map { "- \($0)" }
    }
    if let link = text.link { lines += ["", "All anomalies of this customer: \(link)"] }
    lines += ["", "-- ", "Sent by Tidemark.", ""]
    return lines.joined(separator: "\n")
  }

  static func html(_ text: NoticeText) -> String {
    var html = "<!doctype html>\n<html><body style=\"font-family:sans-serif\">\n"
    html += "<p><strong>\(escaped(text.sentence))</strong></p>\n<table>\n"
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
    return html + "<p style=\"color:#888\">Sent by Tidemark.</p>\n</body></html>\n"
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
