public import SeriesModel

/// A metric as senders write it: `departures` or `departures{origin=JFK}`.
public struct MetricReference: Sendable, Hashable {
  /// The longest text that is read, in bytes.
  public static let bytesLimit = 3_000

  /// The metric's name.
  public let name: String

  /// Sorted by name.
  public let dimensions: [Dimension]

  /// Reads the text, or gives nil when it is no metric's key.
  ///
  /// Dimensions may come in any order; a value may hold anything but a comma and braces.
  public init?(_ text: String) {
    guard text.utf8.count <= Self.bytesLimit else { return nil }
    guard let brace = text.firstIndex(of: "{") else {
      guard Self.isWord(text) else { return nil }
      name = text
      dimensions = []
      return
    }
    name = String(text[..<brace])
    guard Self.isWord(name), text.last == "}" else { return nil }
    let inner = text[text.index(after: brace)...].dropLast()
    guard !inner.contains(where: { $0 == "{" || $0 == "}" }) else { return nil }
    var pairs: [Dimension] = []
    for part in inner.split(separator: ",", omittingEmptySubsequences: false) {
      guard let equals = part.firstIndex(of: "=") else { return nil }
      let name = String(part[..<equals])
      let value = String(part[part.index(after: equals)...])
      guard !name.isEmpty, !value.isEmpty, name.utf8.count <= 128, value.utf8.count <= 200,
        !pairs.contains(where: { $0.name == name })
      else { return nil }
      pairs.append(Dimension(name: name, value: value))
    }
    guard pairs.count <= 8 else { return nil }
    dimensions = pairs.sorted()
  }

  /// The one way to write it, which the catalogue uses.
  public var key: String {
    if dimensions.isEmpty { return name }
    return name + "{" + dimensions.map { "\($0.name)=\($0.value)" }.joined(separator: ",") + "}"
  }

  private static func isWord(_ text: String) -> Bool {
    guard let first = text.utf8.first, (97...122).contains(first), text.utf8.count <= 50 else {
      return false
    }
    return text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 }
  }
}
