import Alerting
import Egress
import Integration
import SeriesModel
import Testing

@testable import EmailIntegration

@Suite("Mails")
struct EmailTests {
  private static let server = MailServer(host: "127.0.0.1", port: 25)

  /// The mail of a message, as a text.
  private func mail(
    _ message: OutgoingMessage, _ change: (inout EmailSettings) -> Void = { _ in }
  ) throws -> MailDocument {
    var settings = EmailSettings(
      server: Self.server,
      from: MailDocument.Mailbox(name: "Tidemark", address: "tidemark@example.org"), to: [.owner])
    change(&settings)
    let client = try MailClient(server: Self.server, policy: EgressPolicy())
    defer { client.close() }
    return EmailChannel(settings: settings, client: client).document(message, ["ada@example.org"])
  }

  @Test(arguments: [
    (EmailSettings.SubjectCustomer.name, "DataFlow Systems"), (.id, "c-81"), (.none, "a customer"),
  ])
  func `a subject names the customer as the team wants`(
    choice: EmailSettings.SubjectCustomer, who: String
  ) throws {
    let one = try mail(.fixture(mark: .test)) { $0.subjectCustomer = choice }
    #expect(one.subject == "[TEST] [Critical] \(who): 67% drop in API calls")
    // The body is for whoever has opened the mail.
    #expect(one.text.contains("DataFlow Systems"))
    let group = OutgoingMessage.fixture([.fixture(), .fixture(2)], omitted: 3) {
      $0.subject = "5 anomalies of DataFlow Systems"
    }
    let subject = try mail(group) { $0.subjectCustomer = choice }.subject
    #expect(
      subject
        == (choice == .name
          ? "5 anomalies of DataFlow Systems"
          : "[Critical] \(who): 67% drop in API calls (and 4 more)"))
  }

  @Test func `a list is named always, a way out only in digests`() throws {
    func change(_ settings: inout EmailSettings) {
      settings.preferencesURL = "https://example.org/preferences"
      settings.unsubscribeURL = "https://example.org/unsubscribe?t=1"
    }
    let single = try mail(.fixture(), change)
    #expect(single.listID == "tidemark.example.org" && single.unsubscribe == nil)
    #expect(single.text.contains("\nChoose what you get: https://example.org/preferences\n"))
    #expect(single.html.contains("<a href=\"https://example.org/preferences\">"))
    let digest = OutgoingMessage.fixture { $0.reason = .digest }
    #expect(
      try mail(digest, change).unsubscribe
        == .init(url: "https://example.org/unsubscribe?t=1", isOneClick: true))
    let page = try mail(digest) { $0.preferencesURL = "https://example.org/preferences" }
    #expect(page.unsubscribe == .init(url: "https://example.org/preferences", isOneClick: false))
    let bare = try mail(digest) { $0.listID = "own.example.org" }
    #expect(bare.unsubscribe == nil && bare.listID == "own.example.org")
    #expect(!bare.text.contains("Choose"))
  }

  @Test func `ten are told in full, two hundred in a line, the rest is counted`() throws {
    let notices = (1...215).map { number in
      Notice.fixture(UInt64(number)) { $0.customer.name = "Customer \(number)" }
    }
    let text = try mail(.fixture(notices, omitted: 4)).text
    #expect(text.components(of: "What to do next:") == 10)
    #expect(text.components(of: "\n- [Critical] Customer ") == 200)
    #expect(text.contains("\n... and 9 more.\n"))
    let html = try mail(.fixture(notices, omitted: 4)).html
    #expect(html.components(of: "<table>") == 10)
    #expect(html.contains("<p>... and 9 more.</p>"))
  }

  @Test func `who has recent values has a picture, shown where it belongs`() throws {
    let trend = (0..<21).map { TrendPoint(observed: Double($0), expected: nil) }
    let notices = (1...12).map { number in
      Notice.fixture(UInt64(number)) { $0.trend = number.isMultiple(of: 2) ? trend : [] }
    }
    let document = try mail(.fixture(notices))
    #expect(document.pictures.count == 5)
    for picture in document.pictures {
      #expect(document.html.components(of: "cid:\(picture.id)\"") == 1)
    }
    #expect(try mail(.fixture()).pictures.isEmpty)
    #expect(try mail(.fixture(notices)) == document)
  }

  @Test func `a letter with an accent cannot hide a bracket`() {
    #expect(EmailText.escaped("<\u{338}b>\"\u{301}") == "&lt;\u{338}b&gt;&quot;\u{301}")
  }

  @Test func `settings are read whole, and all that is wrong is told`() throws {
    let base = "smarthost: 'smtp://mail.example.org', from: t@example.org, to: owner"
    let good = try settings(
      EmailSettings.self,
      """
      {\(base), subject-customer: id, list-id: tm.example.org,
       preferences-url: 'https://example.org/p', unsubscribe-url: 'https://example.org/u'}
      """)
    #expect(good.faults.isEmpty)
    #expect(good.settings?.subjectCustomer == .id && good.settings?.listID == "tm.example.org")
    #expect(good.settings?.unsubscribeURL == "https://example.org/u")
    let bad = try settings(
      EmailSettings.self,
      """
      {\(base), subject-customer: all, list-id: 'a b', preferences-url: 'http://example.org',
       unsubscribe-url: 'https://example.org/>'}
      """)
    #expect(bad.faults.count == 4, "\(bad.faults)")
  }
}

extension String {
  fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
