internal import Baselines
internal import Cryptography
internal import EvidenceContract
internal import RPC

/// What a setting is known by.
struct SettingKey: Sendable, Hashable {
  /// The kinds of settings, in the order of lists.
  enum Kind: Int16, Sendable {
    case sensitivity = 1
    case rule = 2
  }

  var kind: Kind
  /// Empty for a sensitivity.
  var name = ""
  var scope: Scope
}

/// A setting as it is stored.
struct SettingContent: Sendable, Hashable {
  var key: SettingKey
  /// As the contract writes it.
  var content: [UInt8]

  init(_ rule: Baselines.SensitivityRule) throws(WireError) {
    key = SettingKey(kind: .sensitivity, scope: rule.scope)
    content = try EvidenceContract.SensitivityRule(rule).wireBytes()
  }

  init(_ rule: Baselines.StaticRule) throws(WireError) {
    key = SettingKey(kind: .rule, name: rule.name, scope: rule.scope)
    content = try EvidenceContract.StaticRule(rule).wireBytes()
  }
}

/// Where a list of settings goes on: behind this one.
struct SettingPlace: Sendable, Hashable {
  var kind: Int16
  var name: String
  var scope: String
  var sequence: Int64

  /// Opaque to callers.
  var token: String {
    // No text of the contract holds the byte that parts them.
    Base64.encodeURL(Array("\(kind)\0\(name)\0\(scope)\0\(sequence)".utf8))
  }

  init(kind: Int16, name: String, scope: String, sequence: Int64) {
    self.kind = kind
    self.name = name
    self.scope = scope
    self.sequence = sequence
  }

  /// Reads what ``token`` wrote.
  ///
  /// - Throws: ``ClassifierError`` with `badRequest`.
  init(token: String) throws(ClassifierError) {
    let refusal = ClassifierError(
      .badRequest, field: "page.page_token", "page.page_token is none that this service gave")
    let bytes: [UInt8]
    do throws(CryptographyError) { bytes = try Base64.decodeURL(token) } catch { throw refusal }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw refusal }
    let parts = text.split(separator: "\0", omittingEmptySubsequences: false)
    guard parts.count == 4, let kind = Int16(parts[0]), let sequence = Int64(parts[3]) else {
      throw refusal
    }
    self.init(kind: kind, name: String(parts[1]), scope: String(parts[2]), sequence: sequence)
  }
}
