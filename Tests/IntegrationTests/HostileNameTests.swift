import Alerting
import Egress
import Foundation
import Integration
import JSON
import Locking
import SeriesModel
import ServiceRuntime
import TestSupport
import Testing

@testable import EmailIntegration

@Suite("10,000 hostile names of customers", .timeLimit(.minutes(5)))
struct HostileNameTests {
  private static let pieces = [
    "\r\n", "\n", "\r", "\u{0}", "\u{85}", "\u{2028}", "\u{2029}", "\u{b}", "\u{c}", "\u{1b}[2J",
    "\r\nBcc: eve@example.org", "\r\n\r\n<html>", "\r\n.\r\n", "=?utf-8?B?DQo=?=",
    "=?utf-8?Q?=0ABcc:_eve?=", "\u{202e}", "\u{202a}", "\u{2066}", "\u{200b}", "\u{200d}",
    "\u{feff}", "\u{fffd}", "\u{fffe}", "😀", "👩‍👩‍👧‍👦", "🏳️‍🌈", "e\u{301}", "<\u{338}", "\"\u{301}",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</td>", "&lt;", "&", "<!channel>",
    "<@U012AB3CD>", "*b*", "`c`", "--=_tidemark_part", "--=_tidemark_related--", "From ", ".",
    "\"", "\\", "'", "<", ">", ",", ":", ";", "=", " ", "\t", "ü", "Ω", "漢字", "العربية", "=3D",
    "msg=\"forged\" level=critical", "{{ .X }}", "%s%n", "${jndi:ldap://x}", "\u{10ffff}",
  ]

  /// Names as long as ingest lets none through, and longer.
  private static let longNames = [
    String(repeating: "x", count: 12_000), String(repeating: "ü", count: 6_000),
    String(repeating: "e\u{301}", count: 3_000), String(repeating: "\r\nBcc: eve", count: 500),
    String(repeating: "👩‍👩‍👧‍👦", count: 400),
  ]

  /// A name of some pieces, one of which may be bytes that are no UTF-8, such as a lone surrogate.
  private static func name(_ number: Int, _ random: (Int) -> Int) -> String {
    if number < longNames.count { return longNames[number] }
    let place = number - longNames.count
    if place < pieces.count { return pieces[place] }
    var bytes: [UInt8] = []
    for _ in 0..<(1 + random(7)) { bytes += pieces[random(pieces.count)].utf8 }
    let broken: [[UInt8]] = [[0xed, 0xa0, 0x80], [0xff], [0xc0, 0xaf], [0xf0, 0x9f]]
    if random(4) == 0 { bytes += broken[random(broken.count)] }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// What a message keeps of a name: nothing that turns the order of characters around; control
  /// characters and line separators are spaces, none of which stands at an end.
  private static func oneLine(_ text: String) -> String {
    let turning: Set<UInt32> = Set(0x202a...0x202e).union(0x2066...0x2069)
    var scalars = text.unicodeScalars.filter { !turning.contains($0.value) }.map {
      scalar -> Unicode.Scalar in
      [.control, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
        ? " " : scalar
    }
    while scalars.last == " " { scalars.removeLast() }
    return String(String.UnicodeScalarView(scalars.drop { $0 == " " }))
  }

  private static let headers = [
    "Date", "From", "To", "Subject", "Message-ID", "In-Reply-To", "References", "List-Id",
    "MIME-Version", "Auto-Submitted", "X-Auto-Response-Suppress", "Content-Type",
  ]

  @Test func `headers, bodies and log lines are exactly as meant`() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "tidemark-names-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let settings = EmailSettings(
      server: MailServer(host: "127.0.0.1", port: 25),
      from: MailDocument.Mailbox(name: "Tidemark", address: "tidemark@example.org"), to: [.owner])
    let client = try MailClient(server: settings.server, policy: EgressPolicy())
    defer { client.close() }
    let channel = EmailChannel(settings: settings, client: client)
    var state: UInt64 = 42
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(bound))
    }
    var meant = ""
    var lines = ""
    var lost: [String] = []
    for number in 0..<10_000 {
      let name = Self.name(number, random)
      let hasTrend = number % 100 == 0
      let message = OutgoingMessage.fixture(
        [
          .fixture { notice in
            notice.customer.name = name
            if hasTrend {
              notice.trend = (0..<21).map { .init(observed: Double($0), expected: 10) }
            }
          }
        ], delivery: "d-\(number)")
      let document = channel.document(message, ["ada@example.org"])
      // All in one file: each file is waited for until it lies on the disk.
      let expected: JSONValue = [
        "mail": .string(Data(try document.encoded()).base64EncodedString()),
        "headers": .array(Self.headers.map { .string($0) }), "to": "ada@example.org",
        "subject": .string(Self.oneLine(document.subject)), "text": .string(document.text),
        "sentence": .string(message.lead.text.sentence.singleLine),
        "pictures": hasTrend ? 1 : 0,
      ]
      meant += expected.encoded() + "\n"
      // The name is whole in the subject, not just some subject.
      let shown = Self.oneLine(name)
      let isWhole = document.subject.range(of: shown, options: .literal) != nil
      if !shown.isEmpty && !isWhole { lost.append(shown) }
      let written = Locked("")
      Logger(
        service: "notifier", format: .json, nowUnixMicroseconds: { 0 },
        write: { line in written.withLock { $0 += String(decoding: line, as: UTF8.self) } }
      ).info("message sent", ["name": String(name.prefix(200))])
      let line: JSONValue = [
        "line": .string(written.withLock { $0 }), "name": .string(Self.logged(name)),
      ]
      lines += line.encoded() + "\n"
    }
    #expect(lost.isEmpty, "\(lost.count), such as \(lost.first ?? "")")
    try Data(meant.utf8).write(to: folder.appending(path: "meant.jsonl"))
    try Data(lines.utf8).write(to: folder.appending(path: "lines.jsonl"))
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let program = root.appending(path: "Interop/parse_mails.py").path
    let outcome = try await ChildProcess.run(
      ChildCommand([PythonProgram.python ?? "python3", program, folder.path]),
      within: .seconds(200))
    #expect(
      outcome.output.contains("10000 mails and 10000 lines as meant"), "\(outcome.output)")
  }

  /// What a log keeps of a name: its beginning, cut between scalars at 1,024 bytes.
  private static func logged(_ name: String) -> String {
    let whole = String(name.prefix(200))
    guard whole.utf8.count > 1_024 else { return whole }
    var kept = String.UnicodeScalarView()
    var count = 0
    for scalar in whole.unicodeScalars {
      count += String(scalar).utf8.count
      if count > 1_024 { break }
      kept.append(scalar)
    }
    return String(kept) + "…"
  }
}
