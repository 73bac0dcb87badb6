public import Alerting
public import YAML

// What the settings of systems of tickets have in common.
extension SettingsReader {
  /// The root of a site, without a path and without a slash at its end.
  public mutating func siteURL(_ entry: YAMLNode.Entry) -> String? {
    guard var text = url(entry) else { return nil }
    if text.hasSuffix("/") { text.removeLast() }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[2].isEmpty, !text.contains("?"), !text.contains("#") else {
      refuse(entry, "'\(entry.key)' must be an address without a path")
      return nil
    }
    return text
  }

  /// A text for each severity that is named.
  public mutating func bySeverity(_ entry: YAMLNode.Entry?) -> [NoticeSeverity: String] {
    guard let entry else { return [:] }
    let known = NoticeSeverity.allCases.map(\.name)
    guard let keys = mapping(entry.value, "'\(entry.key)'", known) else { return [:] }
    var found: [NoticeSeverity: String] = [:]
    for severity in NoticeSeverity.allCases {
      if let value = keys[severity.name] { found[severity] = text(value) }
    }
    return found
  }
}
