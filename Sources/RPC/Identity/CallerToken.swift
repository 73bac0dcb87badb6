public import Cryptography
internal import Locking

/// The text by which a caller shows who it is, in each request.
///
/// `t1.<caller>.<audience>.<expiry>.<signature>`: names of letters, digits and dashes, the expiry
/// in seconds since 1970, and the Ed25519 signature of all before it in base64 for URLs.
struct CallerToken {
  /// How long a token is good for, in seconds.
  static let lifetimeSeconds: Int64 = 60

  /// How far the clocks of two hosts may differ, in seconds.
  static let clockSkewSeconds: Int64 = 5

  let caller: String
  let audience: String
  let expirySeconds: Int64
  let signature: [UInt8]

  init(caller: String, audience: String, expirySeconds: Int64, key: SigningKey) {
    self.caller = caller
    self.audience = audience
    self.expirySeconds = expirySeconds
    self.signature = key.signature(
      for: Self.signedBytes(caller: caller, audience: audience, expirySeconds: expirySeconds))
  }

  /// Reads a token; nil when the text is not one.
  init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 5, parts[0] == "t1", Self.isName(parts[1]), Self.isName(parts[2]),
      let expiry = Int64(parts[3]), String(expiry) == parts[3]
    else { return nil }
    do throws(CryptographyError) {
      self.signature = try Base64.decodeURL(String(parts[4]))
    } catch {
      // A signature that is no base64 is a token that is not one; the caller says so.
      return nil
    }
    self.caller = String(parts[1])
    self.audience = String(parts[2])
    self.expirySeconds = expiry
  }

  var text: String {
    "t1.\(caller).\(audience).\(expirySeconds).\(Base64.encodeURL(signature))"
  }

  func isSigned(by key: VerifyingKey) -> Bool {
    key.isValid(
      signature,
      for: Self.signedBytes(caller: caller, audience: audience, expirySeconds: expirySeconds))
  }

  /// Whether a word may stand for a caller or an audience.
  static func isName(_ word: some StringProtocol) -> Bool {
    !word.isEmpty && word.utf8.count <= 64
      && word.utf8.allSatisfy { byte in
        (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte)
          || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x5F
      }
  }

  private static func signedBytes(
    caller: String, audience: String, expirySeconds: Int64
  ) -> [UInt8] {
    Array("t1.\(caller).\(audience).\(expirySeconds)".utf8)
  }
}

/// Signs the tokens of one caller.
///
/// A token serves for half its life, so that it is signed once for many calls.
public final class CallerIdentity: Sendable {
  /// The name under which the servers know the caller.
  public let name: String

  private let key: SigningKey
  private let tokens = Locked<[String: (text: String, expirySeconds: Int64)]>([:])

  /// Takes the caller's name and its private key.
  ///
  /// - Precondition: The name is of letters, digits, dashes and underscores.
  public init(name: String, key: SigningKey) {
    precondition(CallerToken.isName(name), "a caller's name is one word")
    self.name = name
    self.key = key
  }

  /// A token for a server that is still good for a while.
  func token(for audience: String, nowSeconds: Int64) -> String {
    let known = tokens.withLock { $0[audience] }
    if let known, known.expirySeconds - nowSeconds > CallerToken.lifetimeSeconds / 2 {
      return known.text
    }
    let expiry = nowSeconds + CallerToken.lifetimeSeconds
    let made = CallerToken(caller: name, audience: audience, expirySeconds: expiry, key: key).text
    tokens.withLock { $0[audience] = (made, expiry) }
    return made
  }
}
