/// One node of a document with its place.
public struct YAMLNode: Sendable, Hashable {
  /// What a node is.
  public enum Content: Sendable, Hashable {
    /// A text; plain when it was written without quotes, so that `no` and `"no"` stay apart.
    case scalar(String, isPlain: Bool)
    /// A list.
    case sequence([YAMLNode])
    /// Keys with values, in the order written, each key once.
    case mapping([Entry])
  }

  /// One key with its value.
  public struct Entry: Sendable, Hashable {
    /// The key.
    public let key: String
    /// The line of the key, from 1.
    public let line: Int
    /// The column of the key, from 1.
    public let column: Int
    /// The value.
    public let value: YAMLNode
  }

  /// What the node is.
  public let content: Content

  /// The line where the node begins, from 1.
  public let line: Int

  /// The column where the node begins, from 1.
  public let column: Int

  init(_ content: Content, line: Int, column: Int) {
    self.content = content
    self.line = line
    self.column = column
  }

  /// Reads the one document of a text; an empty text is a mapping without entries.
  public init(parsing text: String, limits: YAMLLimits = YAMLLimits()) throws(YAMLError) {
    try self.init(parsing: Array(text.utf8), limits: limits)
  }

  /// Reads the one document of a text; an empty text is a mapping without entries.
  public init(parsing bytes: [UInt8], limits: YAMLLimits = YAMLLimits()) throws(YAMLError) {
    guard bytes.count <= limits.bytesLimit else {
      throw YAMLError(
        .tooLarge, line: 1, column: 1, "\(bytes.count) bytes, at most \(limits.bytesLimit)")
    }
    let parser = try YAMLParser(bytes: bytes, limits: limits)
    self = try parser.parseDocument()
  }

  /// The text, when this is a scalar.
  public var text: String? {
    guard case .scalar(let text, _) = content else { return nil }
    return text
  }

  /// The elements, when this is a list.
  public var elements: [YAMLNode]? {
    guard case .sequence(let elements) = content else { return nil }
    return elements
  }

  /// The entries, when this is a mapping.
  public var entries: [Entry]? {
    guard case .mapping(let entries) = content else { return nil }
    return entries
  }

  /// Whether nothing was written: an empty place, `~` or `null` without quotes.
  public var isNull: Bool {
    guard case .scalar(let text, isPlain: true) = content else { return false }
    return text.isEmpty || text == "~" || text == "null"
  }

  /// The value of a key, when this is a mapping that has it.
  public subscript(key: String) -> YAMLNode? {
    entries?.first { $0.key == key }?.value
  }

  /// What kind of node this is, in a word for error messages.
  public var kind: String {
    switch content {
    case .scalar: "text"
    case .sequence: "list"
    case .mapping: "mapping"
    }
  }
}
