import AnomalyContract
import DeliveryContract
import Egress
import EmailIntegration
import Integration
import Locking
import SeriesContract
import TestSupport
import Testing

@testable import NotifierService

@Suite(
  "Notifications by mail",
  .enabled(if: TestDatabase.isAvailable && PythonProgram.python != nil),
  .timeLimit(.minutes(3)))
struct MailTests {
  /// The headers of a mail with folded lines joined, and what follows them.
  private func parts(_ mail: String) -> (headers: [String: String], body: String) {
    let lines = mail.split(separator: "\r\n", omittingEmptySubsequences: false)
    var headers: [String: String] = [:]
    var last = ""
    for line in lines.prefix(while: { !$0.isEmpty }) {
      if line.hasPrefix(" ") {
        headers[last, default: ""] += line
      } else if let colon = line.firstIndex(of: ":") {
        last = String(line[..<colon])
        headers[last] = String(line[line.index(colon, offsetBy: 2)...])
      }
    }
    return (headers, lines.drop { !$0.isEmpty }.joined(separator: "\r\n"))
  }

  @Test func `the owner gets a mail in words, and one more when it is over`() async throws {
    let sink = try await PythonProgram("mail_sink")
    defer { sink.stop() }
    try await Bench.with(.to(.mail(port: sink.port))) { bench in
      #expect(try await bench.submit().receivers == ["owner"])
      try await bench.workToTheEnd()
      try await bench.submit(2, kind: .resolved) { $0.state = .resolved }
      try await bench.workToTheEnd()
      let mails = try sink.files(".eml").map(parts)
      #expect(mails.count == 2)
      let first = try #require(mails.first)
      #expect(first.headers["X-Envelope-To"] == "ada@example.org")
      #expect(first.headers["X-Envelope-From"] == "tidemark@example.org")
      #expect(first.headers["To"] == "<ada@example.org>")
      #expect(
        first.headers["Subject"] == "[Critical] DataFlow Systems: 67% drop in API calls")
      #expect(first.headers["Auto-Submitted"] == "auto-generated")
      let text = first.body.replacing("=\r\n", with: "")
      for part in [
        "DataFlow Systems: 67% drop in API calls, for 5 days so far, since 2013-02-08.",
        "Baseline -> Actual: 45,000/day -> 15,000/day", "Duration: 5 days",
        "Possible cause: Integration issue or migration", "- Contact customer",
        "https://tidemark.example.org/api/customers/", "<html>",
      ] {
        #expect(text.contains(part), "\(part)")
      }
      let second = try #require(mails.last)
      #expect(second.headers["Subject"]?.hasPrefix("[Resolved] ") == true)
      // One thread, two messages.
      #expect(first.headers["References"] == second.headers["References"])
      #expect(first.headers["In-Reply-To"] == first.headers["References"])
      #expect(first.headers["Message-ID"] != second.headers["Message-ID"])
      let log = try await bench.deliveries()
      #expect(log.map(\.state) == [.sent, .sent])
      #expect(log.first?.attempts.first?.answer == "250 taken as 1")
    }
  }

  @Test func `a mail that is sent again is the same mail`() async throws {
    let sink = try await PythonProgram("mail_sink")
    defer { sink.stop() }
    try await Bench.with(.to(.mail(port: sink.port))) { bench in
      try await bench.submit()
      let worker = try #require(try await bench.core.workers().first)
      let id = try #require(try await bench.deliveries().first).id
      let uuid = try #require(WireUUID(bytes: id))
      let message = try #require(try await bench.core.store.message(uuid))
      _ = await worker.channel.send(message, now: 0)
      bench.now.withLock { $0 += 60_000_000 }
      try await bench.workToTheEnd()
      let mails = try sink.files(".eml")
      #expect(mails.count == 2)
      #expect(mails.first == mails.last)
    }
  }

  @Test func `an owner without an address is undeliverable, or falls back`() async throws {
    let sink = try await PythonProgram("mail_sink")
    defer { sink.stop() }
    let routes = try Routes.to(
      .mail("strict", port: sink.port),
      .mail("kind", port: sink.port, fallback: "team@example.org"))
    try await Bench.with(routes) { bench in
      try await bench.submit { $0.customer?.owner = "CSM of the East" }
      try await bench.workToTheEnd()
      let log = try await bench.deliveries()
      let strict = try #require(log.first { $0.receiver == "strict" })
      #expect(strict.state == .undeliverable)
      #expect(strict.reason.contains("'CSM of the East' has no mail address"))
      #expect(log.first { $0.receiver == "kind" }?.state == .sent)
      #expect(try sink.files(".eml").map(parts).first?.headers["To"] == "<team@example.org>")
    }
  }

  @Test func `a refusal for good is final, one for now is not`() async throws {
    let sink = try await PythonProgram(
      "mail_sink",
      [
        "--refuse-recipient", "gone@example.org=550 nobody of that name",
        "--refuse-recipient", "full@example.org=452 mailbox full",
      ])
    defer { sink.stop() }
    let routes = try Routes.to(
      .mail("gone", port: sink.port, to: [.address("gone@example.org")]),
      .mail("full", port: sink.port, to: [.address("full@example.org")]))
    let retry = RetrySettings(firstSeconds: 0.01, giveUpSeconds: 1)
    try await Bench.with(routes, retry: retry) { bench in
      try await bench.submit()
      while try await bench.deliveries().contains(where: { $0.attempts.isEmpty }) {
        try await bench.work(limit: 1)
      }
      bench.now.withLock { $0 += 2_000_000 }
      try await bench.workToTheEnd()
      let log = try await bench.deliveries()
      let gone = try #require(log.first { $0.receiver == "gone" })
      #expect(gone.state == .undeliverable)
      #expect(gone.attempts.count == 1)
      #expect(gone.reason.contains("550 nobody of that name"))
      let full = try #require(log.first { $0.receiver == "full" })
      #expect(full.state == .undeliverable)
      #expect(full.attempts.count > 1)
      #expect(full.reason.contains("452 mailbox full"))
    }
  }

  @Test func `credentials and STARTTLS against a real server`() async throws {
    let certificates = try await TestCertificates()
    defer { certificates.remove() }
    let sink = try await PythonProgram(
      "mail_sink",
      [
        "--certificate", certificates.certificateKeyFile, "--user", "ada", "--password", "secret",
      ])
    defer { sink.stop() }
    func send(_ password: String, trusting file: String?) async -> EgressError? {
      do throws(EgressError) {
        let client = try MailClient(
          server: MailServer(
            host: "localhost", port: sink.port, username: "ada", password: password),
          policy: EgressPolicy(privateHosts: ["localhost"], certificateAuthorityFile: file))
        _ = try await client.send(
          MailMessage(
            from: "a@example.org", recipients: ["b@example.org"],
            content: Array("Subject: x\r\n\r\ny\r\n".utf8)))
        return nil
      } catch {
        return error
      }
    }
    #expect(await send("secret", trusting: certificates.authorityFile) == nil)
    let wrong = await send("wrong", trusting: certificates.authorityFile)
    #expect(wrong?.code == .permanentReply)
    #expect(wrong?.replyCode == 535)
    #expect(await send("secret", trusting: nil)?.code == .tls)
    #expect(try sink.files(".eml").count == 1)
  }
}
