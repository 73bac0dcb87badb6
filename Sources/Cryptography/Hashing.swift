internal import CCrypto

/// The SHA-256 hash of bytes, at once or piece by piece.
///
/// `~Copyable` because libcrypto's context behind it has one owner.
public struct SHA256: ~Copyable {
  /// How many bytes a hash has.
  public static let byteCount = 32

  private let context: OpaquePointer

  /// Starts a hash of nothing.
  public init() {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      preconditionFailure("libcrypto has no SHA-256 or no memory")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  /// Adds bytes at the end.
  public mutating func update(_ bytes: [UInt8]) {
    let result = bytes.withUnsafeBytes { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
    precondition(result == 1, "libcrypto refused to hash")
  }

  /// Ends the hash and gives its 32 bytes.
  public consuming func finish() -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: Self.byteCount)
    let result = digest.withUnsafeMutableBufferPointer {
      EVP_DigestFinal_ex(context, $0.baseAddress, nil)
    }
    precondition(result == 1, "libcrypto refused to end a hash")
    return digest
  }

  /// The hash of some bytes.
  public static func hash(_ bytes: [UInt8]) -> [UInt8] {
    var hash = SHA256()
    hash.update(bytes)
    return hash.finish()
  }

  /// The hash of a text's UTF-8.
  public static func hash(_ text: String) -> [UInt8] { hash(Array(text.utf8)) }
}

/// The keyed hash HMAC-SHA256 (RFC 2104).
public enum HMACSHA256 {
  /// The code of a message under a key, 32 bytes.
  public static func code(for message: [UInt8], key: [UInt8]) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: SHA256.byteCount)
    // An empty key is a key of HMAC, yet libcrypto takes a null pointer for "the last key".
    let keyBytes = key.isEmpty ? [0] : key
    let result = keyBytes.withUnsafeBytes { keyBuffer in
      message.withUnsafeBufferPointer { messageBuffer in
        code.withUnsafeMutableBufferPointer {
          HMAC(
            EVP_sha256(), keyBuffer.baseAddress, Int32(key.count), messageBuffer.baseAddress,
            messageBuffer.count, $0.baseAddress, nil)
        }
      }
    }
    precondition(result != nil, "libcrypto refused an HMAC")
    return code
  }

  /// Whether a code is that of the message, found without a hint in the time taken.
  public static func isValid(_ code: [UInt8], for message: [UInt8], key: [UInt8]) -> Bool {
    constantTimeEquals(code, self.code(for: message, key: key))
  }
}

/// Whether two secrets are equal, in a time that depends on their length only.
public func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
  guard left.count == right.count else { return false }
  return left.withUnsafeBytes { leftBytes in
    right.withUnsafeBytes { CRYPTO_memcmp(leftBytes.baseAddress, $0.baseAddress, leftBytes.count) }
  } == 0
}

/// Bytes from the system's random source, fit for keys.
public enum SecureRandom {
  /// That many random bytes.
  public static func bytes(_ count: Int) -> [UInt8] {
    precondition(count >= 0 && count <= 1 << 20, "between nothing and 1 MiB of random bytes")
    var bytes = [UInt8](repeating: 0, count: count)
    let result = bytes.withUnsafeMutableBufferPointer { RAND_bytes($0.baseAddress, Int32(count)) }
    precondition(count == 0 || result == 1, "the random source failed")
    return bytes
  }
}
