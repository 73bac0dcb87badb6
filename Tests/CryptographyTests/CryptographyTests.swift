import Cryptography
import Testing

@Suite("Hashes")
struct HashingTests {
  @Test func `SHA-256 gives the published hashes`() {
    #expect(
      Hexadecimal.encode(SHA256.hash("abc"))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      Hexadecimal.encode(SHA256.hash(""))
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  @Test func `a hash in pieces equals the hash at once`() {
    var hash = SHA256()
    hash.update(Array("a".utf8))
    hash.update([])
    hash.update(Array("bc".utf8))
    #expect(hash.finish() == SHA256.hash("abc"))
  }

  @Test func `HMAC gives the codes of RFC 4231`() {
    let code = HMACSHA256.code(
      for: Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
    #expect(
      Hexadecimal.encode(code)
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    #expect(
      Hexadecimal.encode(HMACSHA256.code(for: [], key: []))
        == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
  }

  @Test func `a code of another key or message is not valid`() {
    let code = HMACSHA256.code(for: [1, 2], key: [3])
    #expect(HMACSHA256.isValid(code, for: [1, 2], key: [3]))
    #expect(!HMACSHA256.isValid(code, for: [1, 3], key: [3]))
    #expect(!HMACSHA256.isValid(Array(code.dropLast()), for: [1, 2], key: [3]))
  }

  @Test func `secrets of other lengths or bytes differ`() {
    #expect(constantTimeEquals([], []))
    #expect(constantTimeEquals([1, 2], [1, 2]))
    #expect(!constantTimeEquals([1, 2], [1, 3]))
    #expect(!constantTimeEquals([1, 2], [1, 2, 3]))
  }

  @Test func `random bytes do not repeat`() {
    #expect(SecureRandom.bytes(0).isEmpty)
    #expect(SecureRandom.bytes(32) != SecureRandom.bytes(32))
  }
}

@Suite("Signatures")
struct SigningTests {
  @Test func `Ed25519 gives the signature of RFC 8032`() throws {
    let seed = try Hexadecimal.decode(
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    let key = try SigningKey(raw: seed)
    #expect(
      Hexadecimal.encode(key.publicKey.raw)
        == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    let expected =
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
      + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    #expect(Hexadecimal.encode(key.signature(for: [0x72])) == expected)
  }

  @Test func `a changed message, signature or key fails`() {
    let key = SigningKey()
    let signature = key.signature(for: [1, 2, 3])
    #expect(key.publicKey.isValid(signature, for: [1, 2, 3]))
    #expect(!key.publicKey.isValid(signature, for: [1, 2]))
    #expect(!key.publicKey.isValid([UInt8](repeating: 0, count: 64), for: [1, 2, 3]))
    #expect(!key.publicKey.isValid([], for: [1, 2, 3]))
    #expect(!SigningKey().publicKey.isValid(signature, for: [1, 2, 3]))
  }

  @Test func `keys survive their PEM and base64 forms`() throws {
    let key = SigningKey()
    #expect(try SigningKey(pem: key.pem).publicKey == key.publicKey)
    #expect(try VerifyingKey(pem: key.publicKey.pem) == key.publicKey)
    #expect(try VerifyingKey(base64: key.publicKey.description) == key.publicKey)
  }

  @Test(
    "what is no Ed25519 key is refused",
    arguments: [
      "", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----",
      "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
      "-----END PRIVATE KEY-----\n-----BEGIN PRIVATE KEY-----", "not a key",
    ])
  func badKeys(text: String) {
    #expect(throws: CryptographyError.self) { try SigningKey(pem: text) }
  }

  @Test func `a private key never prints`() {
    #expect("\(SigningKey())" == "<redacted>")
  }
}

@Suite("Text forms")
struct EncodingTests {
  @Test(
    "base64 follows RFC 4648",
    arguments: [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
      ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
  func base64(text: String, encoded: String) throws {
    #expect(Base64.encode(Array(text.utf8)) == encoded)
    #expect(try Base64.decode(encoded) == Array(text.utf8))
    let url = Base64.encodeURL(Array(text.utf8))
    #expect(!url.contains("="))
    #expect(try Base64.decodeURL(url) == Array(text.utf8))
  }

  @Test(
    "malformed base64 is refused",
    arguments: ["Z", "Zg", "Zg=", "Zh==", "Z===", "Zg==Zg==", "Zm9*"]
  )
  func badBase64(text: String) {
    #expect(throws: CryptographyError.self) { try Base64.decode(text) }
  }

  @Test func `URL base64 uses its own alphabet`() throws {
    #expect(Base64.encodeURL([0xfb, 0xff]) == "-_8")
    #expect(throws: CryptographyError.self) { try Base64.decodeURL("+/8") }
  }

  @Test func `hexadecimal takes both cases and nothing else`() throws {
    #expect(try Hexadecimal.decode("00fFa0") == [0, 255, 160])
    #expect(throws: CryptographyError.self) { try Hexadecimal.decode("0") }
    #expect(throws: CryptographyError.self) { try Hexadecimal.decode("0g") }
  }
}
