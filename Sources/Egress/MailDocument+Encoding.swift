// A mail in bytes.
extension MailDocument {
  /// The whole message with CRLF line ends.
  ///
  /// - Throws: ``EgressError`` `invalidRequest` for an address or an identity that is not plain.
  public func encoded() throws(EgressError) -> [UInt8] {
    try check()
    var lines = [
      "Date: \(MailDate.text(unixSeconds: unixSeconds))",
      "From: \(MailEncoding.mailbox(from))",
      "To: \(to.map(MailEncoding.mailbox).joined(separator: ",\r\n "))",
      "Subject: \(MailEncoding.unstructured(subject))",
      "Message-ID: <\(messageID)>",
    ]
    if let threadID {
      lines.append("In-Reply-To: <\(threadID)>")
      lines.append("References: <\(threadID)>")
    }
    if let listID { lines.append("List-Id: <\(listID)>") }
    if let unsubscribe {
      lines.append("List-Unsubscribe: <\(unsubscribe.url)>")
      if unsubscribe.isOneClick {
        lines.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
      }
    }
    lines += [
      "MIME-Version: 1.0",
      "Auto-Submitted: auto-generated",
      "X-Auto-Response-Suppress: All",
      "Content-Type: multipart/alternative; boundary=\"\(Self.boundary)\"",
      "",
      "--\(Self.boundary)",
    ]
    lines += Self.part("plain", text) + ["--\(Self.boundary)"]
    lines += (pictures.isEmpty ? Self.part("html", html) : related)
    lines += ["--\(Self.boundary)--", ""]
    return Array(lines.joined(separator: "\r\n").utf8)
  }

  private func check() throws(EgressError) {
    guard !to.isEmpty else { throw EgressError(.invalidRequest, "a mail without recipients") }
    for mailbox in [from] + to where !MailAddress.isValid(mailbox.address) {
      throw EgressError(
        .invalidRequest, "\(printable(mailbox.address)) is not a mail address")
    }
    let ids = [messageID] + [threadID, listID.map { "x@\($0)" }].compactMap { $0 }
    for id in ids + pictures.map(\.id) where !MailAddress.isValid(id) {
      throw EgressError(.invalidRequest, "\(printable(id)) cannot identify a message")
    }
    if let url = unsubscribe?.url {
      let isPlain = url.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x3c && $0 != 0x3e }
      guard isPlain, url.utf8.count <= 900 else {
        throw EgressError(.invalidRequest, "\(printable(url)) cannot stand in a header")
      }
    }
  }

  private static func part(_ kind: String, _ body: String) -> [String] {
    [
      "Content-Type: text/\(kind); charset=utf-8",
      "Content-Transfer-Encoding: quoted-printable",
      "",
      MailEncoding.quotedPrintable(body),
    ]
  }

  /// The HTML with the pictures that it shows (RFC 2387).
  private var related: [String] {
    var lines = [
      "Content-Type: multipart/related; boundary=\"\(Self.innerBoundary)\"; type=\"text/html\"",
      "",
      "--\(Self.innerBoundary)",
    ]
    lines += Self.part("html", html)
    for picture in pictures {
      lines += [
        "--\(Self.innerBoundary)",
        "Content-Type: image/png",
        "Content-Transfer-Encoding: base64",
        "Content-ID: <\(picture.id)>",
        "Content-Disposition: inline; filename=\"trend.png\"",
        "",
        MailEncoding.base64Lines(picture.png),
      ]
    }
    return lines + ["--\(Self.innerBoundary)--"]
  }

  // Neither quoted-printable text nor base 64 ever holds "=_", so no body can end a part early.
  private static let boundary = "=_tidemark_part"
  private static let innerBoundary = "=_tidemark_related"
}
