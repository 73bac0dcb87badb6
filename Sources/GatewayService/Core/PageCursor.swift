internal import Cryptography

/// Signs the classifier's page tokens together with the question that they belong to.
///
/// So a token cannot be made up, changed, or used with other filters or another customer.
struct PageCursor: Sendable {
  private static let codeBytes = 16
  private let key: LateValue<[UInt8]>

  /// Takes the key that all replicas share, which is read from the database at the start.
  init(key: LateValue<[UInt8]>) { self.key = key }

  /// The token to give out; empty stays empty.
  func seal(_ inner: String, question: [UInt8]) -> String {
    guard !inner.isEmpty else { return "" }
    return Base64.encodeURL(code(inner, question) + Array(inner.utf8))
  }

  /// The classifier's token inside one that was given out for the same question.
  func open(_ token: String, question: [UInt8]) throws(GatewayError) -> String {
    guard !token.isEmpty else { return "" }
    let refusal = GatewayError(
      field: "page_token", "bad_page_token",
      "page_token was not given out for this question; begin without one")
    guard token.utf8.count <= 4_096 else { throw refusal }
    let bytes: [UInt8]
    do {
      bytes = try Base64.decodeURL(token)
    } catch {
      throw refusal
    }
    guard bytes.count > Self.codeBytes,
      let inner = String(validating: bytes.dropFirst(Self.codeBytes), as: UTF8.self),
      constantTimeEquals(Array(bytes.prefix(Self.codeBytes)), code(inner, question))
    else { throw refusal }
    return inner
  }

  private func code(_ inner: String, _ question: [UInt8]) -> [UInt8] {
    let message = SHA256.hash(question) + Array(inner.utf8)
    return Array(HMACSHA256.code(for: message, key: key.value).prefix(Self.codeBytes))
  }
}
