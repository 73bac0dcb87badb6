import Testing

@testable import Egress

@Suite("Mail with pictures and ways out")
struct MailPictureTests {
  private func document(_ change: (inout MailDocument) -> Void) -> MailDocument {
    var document = MailDocument(
      from: MailDocument.Mailbox(address: "tidemark@example.org"),
      to: [MailDocument.Mailbox(address: "ada@example.org")], subject: "x",
      unixSeconds: 1_360_332_300, messageID: "1234@example.org", text: "text",
      html: "<img src=\"cid:p-0@example.org\">")
    change(&document)
    return document
  }

  @Test func `a picture comes with the HTML, in lines of base 64`() throws {
    let png = (0..<300).map { UInt8(truncatingIfNeeded: $0 * 7) }
    let mail = document {
      $0.pictures = [MailDocument.Picture(id: "p-0@example.org", png: png)]
    }
    let text = String(decoding: try mail.encoded(), as: UTF8.self)
    for part in [
      "multipart/related; boundary=\"=_tidemark_related\"; type=\"text/html\"",
      "Content-ID: <p-0@example.org>", "Content-Type: image/png",
      "Content-Disposition: inline;", "--=_tidemark_related--\r\n--=_tidemark_part--\r\n",
    ] {
      #expect(text.contains(part), "\(part)")
    }
    let isShort = text.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 90 }
    #expect(isShort)
  }

  @Test func `a way out stands in the headers, with one click only where that is meant`() throws {
    func headers(_ isOneClick: Bool) throws -> String {
      let mail = document {
        $0.listID = "tidemark.example.org"
        $0.unsubscribe = .init(url: "https://example.org/u?t=1", isOneClick: isOneClick)
      }
      return String(decoding: try mail.encoded(), as: UTF8.self)
    }
    #expect(try headers(true).contains("\r\nList-Id: <tidemark.example.org>\r\n"))
    #expect(try headers(true).contains("\r\nList-Unsubscribe: <https://example.org/u?t=1>\r\n"))
    #expect(try headers(true).contains("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"))
    #expect(try headers(false).contains("List-Unsubscribe-Post") == false)
  }

  @Test(arguments: ["a\r\nBcc: x@y", "https://x>y", "https://x y", "https://ü"])
  func `nothing slips into a header by them`(text: String) {
    #expect(throws: EgressError.self) {
      try document { $0.unsubscribe = .init(url: text, isOneClick: true) }.encoded()
    }
    #expect(throws: EgressError.self) { try document { $0.listID = text }.encoded() }
    #expect(throws: EgressError.self) {
      try document { $0.pictures = [MailDocument.Picture(id: text, png: [])] }.encoded()
    }
  }
}
