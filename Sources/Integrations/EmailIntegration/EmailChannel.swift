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
  func document(_ message: OutgoingMessage, _ recipients: [String]) -> MailDocument {
    let host = settings.from.address.split(separator: "@").last.map(String.init) ?? "tidemark"
    // A thread has no real first mail that all its mails could point to, so they point to a name.
    let thread = message.threadKey.split(separator: ":").last.map(String.init) ?? ""
    let pictures = EmailPictures(message, host: host)
    var document = MailDocument(
      from: settings.from, to: recipients.map { MailDocument.Mailbox(address: $0) },
      subject: subject(message),
      unixSeconds: message.lead.notice.changedUnixMicroseconds / 1_000_000,
      messageID: "\(message.delivery)@\(host)",
      threadID: "tidemark-\(thread.prefix(40))@\(host)",
      text: EmailText.plain(message, preferences: settings.preferencesURL),
      html: EmailText.html(message, pictures, preferences: settings.preferencesURL))
    document.pictures = pictures.all
    document.listID = settings.listID ?? "tidemark.\(host)"
    if message.reason == .digest {
      if let url = settings.unsubscribeURL {
        document.unsubscribe = MailDocument.Unsubscribe(url: url, isOneClick: true)
      } else if let url = settings.preferencesURL {
        document.unsubscribe = MailDocument.Unsubscribe(url: url, isOneClick: false)
      }
    }
    return document
  }

  /// The subject with as much of the customer as the team wants to see in it.
  ///
  /// Without the name it is put together anew, because a name cannot be found for certain within
  /// words that were made of it.
  private func subject(_ message: OutgoingMessage) -> String {
    var notice = message.lead.notice
    switch settings.subjectCustomer {
    case .name: return message.subject
    case .id: notice.customer.name = notice.customer.externalID
    case .none: notice.customer.name = "a customer"
    }
    let mark = message.mark.map { "[\($0.rawValue)] " } ?? ""
    let more = message.items.count - 1 + message.omittedCount
    let subject = mark + NoticeText(notice, publicURL: nil).subject
    return more > 0 ? "\(subject) (and \(more) more)" : subject
  }
}
