import Testing

@testable import Egress

@Suite("Mail as it is written")
struct MailDocumentTests {
  private func document(
    name: String = "Tidemark", subject: String = "x", text: String = "text", html: String = "<p>"
  ) -> MailDocument {
    MailDocument(
      from: MailDocument.Mailbox(name: name, address: "tidemark@example.org"),
      to: [MailDocument.Mailbox(address: "ada@example.org")], subject: subject,
      unixSeconds: 1_360_332_300, messageID: "1234@example.org",
      threadID: "thread-1@example.org", text: text, html: html)
  }

  /// The headers with folded lines joined, and the body.
  private func parts(_ bytes: [UInt8]) -> (headers: [String], body: [String]) {
    let lines = String(decoding: bytes, as: UTF8.self).split(
      separator: "\r\n", omittingEmptySubsequences: false
    ).map(String.init)
    var headers: [String] = []
    for line in lines.prefix(while: { !$0.isEmpty }) {
      if line.hasPrefix(" ") {
        headers[headers.count - 1] += "\n" + line.dropFirst()
      } else {
        headers.append(line)
      }
    }
    return (headers, Array(lines.drop { !$0.isEmpty }.dropFirst()))
  }

  private static let names = [
    "Date", "From", "To", "Subject", "Message-ID", "In-Reply-To", "References", "MIME-Version",
    "Auto-Submitted", "X-Auto-Response-Suppress", "Content-Type",
  ]

  @Test func `a plain mail is plain`() throws {
    let (headers, body) = parts(try document(subject: "[Critical] a: b").encoded())
    #expect(headers.map { String($0.prefix { $0 != ":" }) } == Self.names)
    #expect(headers[0] == "Date: Fri, 08 Feb 2013 14:05:00 +0000")
    #expect(headers[1] == "From: \"Tidemark\" <tidemark@example.org>")
    #expect(headers[3] == "Subject: [Critical] a: b")
    #expect(headers[4] == "Message-ID: <1234@example.org>")
    #expect(headers[6] == "References: <thread-1@example.org>")
    #expect(body.first == "--=_tidemark_part")
    #expect(body.contains("Content-Type: text/plain; charset=utf-8"))
    #expect(body.last == "" && body.dropLast().last == "--=_tidemark_part--")
  }

  @Test(
    arguments: [
      (0, "Thu, 01 Jan 1970 00:00:00 +0000"), (-1, "Wed, 31 Dec 1969 23:59:59 +0000"),
      (951_782_400, "Tue, 29 Feb 2000 00:00:00 +0000"),
      (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 +0000"),
    ] as [(Int64, String)])
  func `dates are those of the calendar`(seconds: Int64, text: String) {
    #expect(MailDate.text(unixSeconds: seconds) == text)
  }

  @Test func `text beyond ASCII is encoded in whole characters`() throws {
    let subject = String(repeating: "Zürich 😀 ", count: 20) + "Ende"
    let (headers, _) = parts(try document(subject: subject).encoded())
    let words = headers[3].dropFirst("Subject: ".count).split(separator: "\n")
    #expect(words.count > 1)
    #expect(try words.map { try decoded(word: $0) }.joined() == subject)
  }

  private func decoded(word: Substring) throws -> String {
    #expect(word.utf8.count <= 75 && word.hasPrefix("=?utf-8?B?") && word.hasSuffix("?="))
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var bits = 0
    var count = 0
    var bytes: [UInt8] = []
    for character in word.dropFirst(10).dropLast(2) where character != "=" {
      bits = bits << 6 | (try #require(alphabet.firstIndex(of: character)))
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(bits >> count & 255))
      }
    }
    return try #require(String(validating: bytes, as: UTF8.self))
  }

  @Test func `an encoded word in the text is not taken for one of ours`() throws {
    let subject = "=?utf-8?Q?=0ABcc:_eve@example.org?="
    let (headers, _) = parts(try document(subject: subject).encoded())
    #expect(try decoded(word: headers[3].dropFirst(9)) == subject)
  }

  @Test(arguments: ["a@b\r\nBcc: <eve@example.org>", "a b@example.org", "x"])
  func `an identity or an address that is not plain is refused`(text: String) {
    var bad = document()
    bad.messageID = text
    #expect(throws: EgressError.self) { try bad.encoded() }
    bad = document()
    bad.threadID = text
    #expect(throws: EgressError.self) { try bad.encoded() }
    bad = document()
    bad.to = [MailDocument.Mailbox(address: text)]
    #expect(throws: EgressError.self) { try bad.encoded() }
    bad.to = []
    #expect(throws: EgressError.self) { try bad.encoded() }
  }

  @Test func `10,000 hostile texts leave exactly the headers that are meant`() throws {
    let pieces = [
      "\r\n", "\n", "\r", "\u{0}", "Bcc: eve@example.org", "\u{85}", "\u{2028}", "\u{2029}",
      "\u{b}",
      "\u{c}", "=?utf-8?B?DQo=?=", "\"", "\\", "<", ">", ",", ":", ";", " ", "\t", "ü", "😀",
      "--=_tidemark_part",
      ".", "\r\n.\r\n", "=", "\u{202e}", "\u{7f}", String(repeating: "x", count: 998), "From ",
    ]
    var state: UInt64 = 42
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(bound))
    }
    func hostile() -> String { (0..<random(6)).map { _ in pieces[random(pieces.count)] }.joined() }
    for _ in 0..<10_000 {
      let text = hostile()
      let bytes = try document(name: hostile(), subject: hostile(), text: text).encoded()
      let (headers, body) = parts(bytes)
      #expect(headers.map { String($0.prefix { $0 != ":" }) } == Self.names)
      #expect(body.filter { $0.hasPrefix("--=_tidemark_part") }.count == 3)
      let lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false)
      let isPlain = lines.dropLast().allSatisfy { line in
        line.last == 0x0d && line.count <= 79
          && line.dropLast().allSatisfy { $0 >= 0x20 && $0 < 0x7f }
      }
      #expect(isPlain, "\(String(decoding: bytes, as: UTF8.self))")
    }
  }

  @Test(
    arguments: [
      ("", ""), ("a=b", "a=3Db"), ("a \nb", "a=20\r\nb"), ("ü", "=C3=BC"), ("a\r\nb", "a=0D\r\nb"),
      (String(repeating: "x", count: 76), String(repeating: "x", count: 75) + "=\r\nx"),
      (
        String(repeating: "x", count: 74) + "ü",
        String(repeating: "x", count: 74) + "=\r\n=C3=BC"
      ),
    ])
  func `bodies are quoted-printable`(text: String, encoded: String) {
    #expect(MailEncoding.quotedPrintable(text) == encoded)
  }
}
