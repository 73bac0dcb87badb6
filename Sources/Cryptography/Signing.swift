internal import CCrypto

/// An Ed25519 private key: it signs.
///
/// `@unchecked Sendable` by way of `KeyHandle`: libcrypto allows concurrent use of one `EVP_PKEY`
/// as long as each use has a context of its own, which it has here.
public struct SigningKey: Sendable, CustomStringConvertible {
  /// What a PKCS #8 file holds before the 32 bytes of the seed.
  private static let prefix: [UInt8] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
  ]

  private let seed: [UInt8]
  private let handle: KeyHandle

  /// The key that others verify with.
  public let publicKey: VerifyingKey

  /// Makes a new random key.
  public init() {
    do {
      try self.init(raw: SecureRandom.bytes(32))
    } catch {
      preconditionFailure("every 32 bytes are an Ed25519 seed")
    }
  }

  /// Takes a seed of 32 bytes.
  public init(raw: [UInt8]) throws(CryptographyError) {
    guard raw.count == 32 else {
      throw CryptographyError(.badKey, "a private key has 32 bytes, this has \(raw.count)")
    }
    let made = raw.withUnsafeBufferPointer {
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, $0.baseAddress, $0.count)
    }
    guard let made else { throw CryptographyError(.badKey, "libcrypto refused the private key") }
    let handle = KeyHandle(made)
    var publicBytes = [UInt8](repeating: 0, count: 32)
    var count = publicBytes.count
    let result = publicBytes.withUnsafeMutableBufferPointer {
      EVP_PKEY_get_raw_public_key(handle.key, $0.baseAddress, &count)
    }
    precondition(result == 1 && count == 32, "a private key has a public one of 32 bytes")
    self.seed = raw
    self.handle = handle
    self.publicKey = try VerifyingKey(raw: publicBytes)
  }

  /// Reads a PKCS #8 PEM text, as `openssl genpkey -algorithm ed25519` writes it.
  public init(pem: String) throws(CryptographyError) {
    try self.init(raw: PEM.content(of: pem, label: "PRIVATE KEY", prefix: Self.prefix))
  }

  /// The key as a PKCS #8 PEM text; handle it as a secret.
  public var pem: String { PEM.text(label: "PRIVATE KEY", Self.prefix + seed) }

  /// The signature of a message, 64 bytes.
  public func signature(for message: [UInt8]) -> [UInt8] {
    guard let context = EVP_MD_CTX_new() else { preconditionFailure("no memory for a context") }
    defer { EVP_MD_CTX_free(context) }
    var signature = [UInt8](repeating: 0, count: 64)
    var count = signature.count
    precondition(
      EVP_DigestSignInit(context, nil, nil, nil, handle.key) == 1, "libcrypto refused to sign")
    let result = message.withUnsafeBufferPointer { messageBytes in
      signature.withUnsafeMutableBufferPointer {
        EVP_DigestSign(
          context, $0.baseAddress, &count, messageBytes.baseAddress, messageBytes.count)
      }
    }
    precondition(result == 1 && count == 64, "libcrypto refused to sign")
    return signature
  }

  /// Never the key.
  public var description: String { "<redacted>" }
}

/// An Ed25519 public key: it verifies.
public struct VerifyingKey: Sendable, Hashable, CustomStringConvertible {
  /// What a SubjectPublicKeyInfo holds before the 32 bytes of the key.
  private static let prefix: [UInt8] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
  ]

  /// The 32 bytes of the key.
  public let raw: [UInt8]

  private let handle: KeyHandle

  /// Takes the 32 bytes of a key.
  public init(raw: [UInt8]) throws(CryptographyError) {
    guard raw.count == 32 else {
      throw CryptographyError(.badKey, "a public key has 32 bytes, this has \(raw.count)")
    }
    let made = raw.withUnsafeBufferPointer {
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, $0.baseAddress, $0.count)
    }
    guard let made else { throw CryptographyError(.badKey, "libcrypto refused the public key") }
    self.raw = raw
    self.handle = KeyHandle(made)
  }

  /// Reads a PEM text, as `openssl pkey -pubout` writes it.
  public init(pem: String) throws(CryptographyError) {
    try self.init(raw: PEM.content(of: pem, label: "PUBLIC KEY", prefix: Self.prefix))
  }

  /// Reads the 32 bytes in base64, the form of settings files.
  public init(base64: String) throws(CryptographyError) {
    try self.init(raw: Base64.decode(base64))
  }

  /// The key as a PEM text.
  public var pem: String { PEM.text(label: "PUBLIC KEY", Self.prefix + raw) }

  /// Whether a signature was made over the message with the private half.
  public func isValid(_ signature: [UInt8], for message: [UInt8]) -> Bool {
    guard signature.count == 64, let context = EVP_MD_CTX_new() else { return false }
    defer { EVP_MD_CTX_free(context) }
    guard EVP_DigestVerifyInit(context, nil, nil, nil, handle.key) == 1 else { return false }
    let result = signature.withUnsafeBufferPointer { signatureBytes in
      message.withUnsafeBufferPointer {
        EVP_DigestVerify(
          context, signatureBytes.baseAddress, signatureBytes.count, $0.baseAddress, $0.count)
      }
    }
    // A wrong signature leaves a note in the thread's error queue, which nobody would read.
    if result != 1 { ERR_clear_error() }
    return result == 1
  }

  /// Equal when their bytes are.
  public static func == (left: VerifyingKey, right: VerifyingKey) -> Bool { left.raw == right.raw }

  /// Hashes the bytes.
  public func hash(into hasher: inout Hasher) { hasher.combine(raw) }

  /// The key in base64: it is no secret.
  public var description: String { Base64.encode(raw) }
}

/// The one owner of an `EVP_PKEY`.
///
/// `@unchecked Sendable`: an `EVP_PKEY` is not changed once made, and libcrypto guards its reference
/// count and caches itself.
final class KeyHandle: @unchecked Sendable {
  let key: OpaquePointer

  init(_ key: OpaquePointer) { self.key = key }

  deinit { EVP_PKEY_free(key) }
}
