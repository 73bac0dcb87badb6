internal import Egress
public import ServiceRuntime
public import YAML

/// Reads a document of settings and keeps every fault with its place.
public struct SettingsReader {
  /// What faults call the document.
  public let name: String

  /// Where files that it names are, with a slash at its end; empty is the present one.
  public let folder: String

  /// Mail addresses of owners that are named by a role.
  public var directory: [String: String] = [:]

  /// All that is wrong: `name:line:column: what`, without secrets.
  public private(set) var faults: [String] = []

  /// Begins to read.
  public init(name: String, folder: String) {
    self.name = name
    self.folder = folder
  }

  /// Keeps a fault at a node.
  public mutating func refuse(_ node: YAMLNode, _ reason: String) {
    faults.append("\(name):\(node.line):\(node.column): \(reason)")
  }

  /// Keeps a fault at a key.
  public mutating func refuse(_ entry: YAMLNode.Entry, _ reason: String) {
    faults.append("\(name):\(entry.line):\(entry.column): \(reason)")
  }

  /// The entries by key; every key that is not known is refused by name.
  ///
  /// A hyphen and an underscore are the same in a key, so that `send_resolved` may be written as
  /// elsewhere.
  public mutating func mapping(
    _ node: YAMLNode, _ what: String, _ known: [String]
  ) -> [String: YAMLNode.Entry]? {
    guard let entries = node.entries else {
      refuse(node, "\(what) must be a mapping, not a \(node.kind)")
      return nil
    }
    var found: [String: YAMLNode.Entry] = [:]
    for entry in entries {
      let folded = entry.key.replacing("-", with: "_")
      if let key = known.first(where: { $0.replacing("-", with: "_") == folded }) {
        if found.updateValue(entry, forKey: key) != nil {
          refuse(entry, "'\(entry.key)' stands twice in \(what)")
        }
      } else {
        refuse(
          entry,
          "unknown key '\(entry.key)' in \(what); there are \(known.joined(separator: ", "))")
      }
    }
    return found
  }

  /// The elements of a list; none where the key is missing.
  public mutating func list(_ entry: YAMLNode.Entry?, _ what: String) -> [YAMLNode] {
    guard let entry, !entry.value.isNull else { return [] }
    guard let elements = entry.value.elements else {
      refuse(entry, "'\(what)' must be a list")
      return []
    }
    return elements
  }

  /// The texts of a list; none where the key is missing.
  public mutating func texts(_ entry: YAMLNode.Entry?) -> [String] {
    guard let entry else { return [] }
    return list(entry, entry.key).compactMap { node in
      guard let text = node.text, !text.isEmpty, !node.isNull else {
        refuse(node, "'\(entry.key)' is a list of texts")
        return nil
      }
      return text
    }
  }

  /// A text that is not empty.
  public mutating func text(_ entry: YAMLNode.Entry, _ what: String? = nil) -> String? {
    guard let text = entry.value.text, !text.isEmpty, !entry.value.isNull else {
      refuse(entry, "'\(what ?? entry.key)' must be a text")
      return nil
    }
    return text
  }

  /// A truth value.
  public mutating func boolean(_ entry: YAMLNode.Entry, _ what: String? = nil) -> Bool? {
    switch entry.value.text {
    case "true": return true
    case "false": return false
    default:
      refuse(entry, "'\(what ?? entry.key)' must be true or false")
      return nil
    }
  }

  /// A whole number.
  public mutating func integer(
    _ entry: YAMLNode.Entry, _ what: String? = nil, in range: ClosedRange<Int>
  ) -> Int? {
    guard let number = entry.value.text.flatMap({ Int($0) }), range.contains(number) else {
      refuse(
        entry,
        "'\(what ?? entry.key)' must be a whole number "
          + "from \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return number
  }

  /// One of several words.
  public mutating func word<Word: RawRepresentable & CaseIterable>(
    _ entry: YAMLNode.Entry, _ type: Word.Type
  ) -> Word? where Word.RawValue == String {
    if let word = entry.value.text.flatMap({ Word(rawValue: $0) }) { return word }
    let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
    refuse(entry, "'\(entry.key)' must be one of \(words)")
    return nil
  }

  /// A mail address.
  public mutating func mailAddress(_ entry: YAMLNode.Entry, _ what: String) -> String? {
    guard let text = entry.value.text, MailAddress.isValid(text) else {
      refuse(entry, "\(what) must be a plain mail address")
      return nil
    }
    return text
  }

  /// An address of the web, which the policy is asked about later.
  public mutating func url(_ entry: YAMLNode.Entry) -> String? {
    guard let text = text(entry) else { return nil }
    guard text.hasPrefix("https://") || text.hasPrefix("http://") else {
      refuse(entry, "'\(entry.key)' must begin with https://")
      return nil
    }
    return text
  }

  /// A secret, which stands in a file of its own that only its owner may read.
  public mutating func secret(_ node: YAMLNode) -> Redacted<String>? {
    guard let path = node.text, !path.isEmpty else {
      refuse(node, "a secret is named by the path of its file")
      return nil
    }
    do {
      return try SettingsFile.secret(path.hasPrefix("/") ? path : folder + path)
    } catch {
      for fault in error.faults { refuse(node, fault) }
      return nil
    }
  }

  /// An address of the web that is a secret itself, in a file of its own.
  public mutating func secretURL(_ entry: YAMLNode.Entry) -> Redacted<String>? {
    guard let url = secret(entry.value) else { return nil }
    let isWord = url.secret.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
    let isURL = url.secret.hasPrefix("https://") || url.secret.hasPrefix("http://")
    guard isWord, isURL else {
      refuse(entry, "the file of '\(entry.key)' must hold an address that begins with https://")
      return nil
    }
    return url
  }
}
