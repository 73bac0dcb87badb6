public import Cryptography
internal import Locking
internal import YAML

/// The callers that a server lets in, each by its public key.
public final class TrustedCallers: Sendable {
  /// How many checked tokens are remembered; there is one a caller and half minute.
  private static let rememberedLimit = 1_024

  private struct Checked {
    let caller: String
    let expirySeconds: Int64
  }

  private let keys: [String: VerifyingKey]
  private let audience: String
  private let checked = Locked<[String: Checked]>([:])

  /// Takes the keys of the callers.
  ///
  /// - Parameters:
  ///   - keys: Public keys by the callers' names.
  ///   - audience: The name that this server goes by, such as `ingest`.
  public init(keys: [String: VerifyingKey], audience: String) {
    self.keys = keys
    self.audience = audience
  }

  /// Reads the YAML text of a file: a mapping of names to public keys in base64.
  ///
  /// - Throws: ``RPCError`` that names the entry which is wrong.
  public convenience init(yaml text: [UInt8], audience: String) throws(RPCError) {
    let document: YAMLNode
    do throws(YAMLError) {
      document = try YAMLNode(parsing: text)
    } catch {
      throw RPCError(.invalidArgument, "trusted callers: \(error.description)")
    }
    guard let entries = document.entries else {
      throw RPCError(.invalidArgument, "trusted callers: expected a mapping of names to keys")
    }
    var keys: [String: VerifyingKey] = [:]
    for entry in entries {
      guard CallerToken.isName(entry.key), let written = entry.value.text else {
        throw RPCError(.invalidArgument, "trusted callers: \(entry.key): expected name and key")
      }
      do throws(CryptographyError) {
        keys[entry.key] = try VerifyingKey(base64: written)
      } catch {
        throw RPCError(.invalidArgument, "trusted callers: \(entry.key): \(error.detail)")
      }
    }
    self.init(keys: keys, audience: audience)
  }

  /// The name of the caller that a token speaks for.
  ///
  /// - Throws: ``RPCError`` with UNAUTHENTICATED when the token is no good.
  func caller(showing text: String, nowSeconds: Int64) throws(RPCError) -> String {
    if let known = checked.withLock({ $0[text] }), nowSeconds < known.expirySeconds {
      return known.caller
    }
    guard !text.isEmpty else {
      throw RPCError(.unauthenticated, "a caller token is required")
    }
    guard let token = CallerToken(text) else {
      throw RPCError(.unauthenticated, "the caller token is malformed")
    }
    guard token.audience == audience else {
      throw RPCError(
        .unauthenticated, "the caller token is for \(token.audience), this is \(audience)")
    }
    let skew = CallerToken.clockSkewSeconds
    guard nowSeconds < token.expirySeconds + skew else {
      throw RPCError(.unauthenticated, "the caller token of \(token.caller) has expired")
    }
    guard token.expirySeconds <= nowSeconds + CallerToken.lifetimeSeconds + skew else {
      throw RPCError(
        .unauthenticated, "the caller token of \(token.caller) is good for too long")
    }
    guard let key = keys[token.caller], token.isSigned(by: key) else {
      // Unknown name and wrong signature look alike: the answer must not tell names.
      throw RPCError(.unauthenticated, "the caller token is not signed by a trusted caller")
    }
    checked.withLock { checked in
      if checked.count >= Self.rememberedLimit {
        checked = checked.filter { nowSeconds < $0.value.expirySeconds }
        if checked.count >= Self.rememberedLimit { checked = [:] }
      }
      checked[text] = Checked(caller: token.caller, expirySeconds: token.expirySeconds)
    }
    return token.caller
  }
}
