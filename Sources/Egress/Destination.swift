internal import CCurl

/// The part of a URL that decides whether it may be used.
struct Destination: Hashable, Sendable {
  let scheme: String
  /// In lower case; numeric addresses in their usual form, IPv6 ones in brackets.
  let host: String
  let port: Int

  var hostAndPort: String { "\(host):\(port)" }

  /// Reads a URL with libcurl's own parser, so that the request cannot read it another way.
  ///
  /// - Throws: ``EgressError`` `invalidRequest` for what cannot be read or holds a user name.
  init(url: String) throws(EgressError) {
    guard url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
      throw EgressError(.invalidRequest, "the URL holds a space or a control character")
    }
    guard let handle = curl_url() else {
      throw EgressError(.invalidRequest, "no memory to read the URL")
    }
    defer { curl_url_cleanup(handle) }
    let result = curl_url_set(
      handle, CURLUPART_URL, url, UInt32(CURLU_NON_SUPPORT_SCHEME | CURLU_DISALLOW_USER))
    guard result == CURLUE_OK else {
      let isUser = result == CURLUE_USER_NOT_ALLOWED
      throw EgressError(
        .invalidRequest, isUser ? "the URL holds a user name" : "the URL cannot be read")
    }
    func part(_ what: CURLUPart, _ flags: Int32 = 0) -> String? {
      var text: UnsafeMutablePointer<CChar>?
      guard curl_url_get(handle, what, &text, UInt32(flags)) == CURLUE_OK, let text else {
        return nil
      }
      defer { curl_free(text) }
      return String(cString: text)
    }
    guard let scheme = part(CURLUPART_SCHEME) else {
      throw EgressError(.invalidRequest, "the URL has no scheme")
    }
    self.scheme = scheme.lowercased()
    // A scheme that libcurl lacks a default port for is refused by name before the port matters.
    self.host = (part(CURLUPART_HOST) ?? "").lowercased()
    self.port = part(CURLUPART_PORT, CURLU_DEFAULT_PORT).flatMap { Int($0) } ?? 0
  }
}
