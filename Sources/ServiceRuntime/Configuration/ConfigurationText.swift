internal import JSON

extension ConfigurationReader {
  /// All settings as a YAML text that can be read back, secrets hidden.
  public func printedConfiguration() -> String {
    var text = "# settings of \(service)\n"
    for setting in known.values.sorted(by: { $0.key < $1.key }) {
      text += "\(setting.key): \(Self.shown(setting))  # \(setting.source)\n"
    }
    return text
  }

  /// All keys with their meaning and default.
  public func helpText(summary: String) -> String {
    var text = "\(summary)\n\nSettings, by flag, environment or file (--config FILE):\n"
    for setting in known.values.sorted(by: { $0.key < $1.key }) {
      text += "  --\(setting.key)"
      switch setting.fallback {
      case nil: text += "  (needed)"
      case "": break
      case let fallback?: text += "  (default \(fallback))"
      }
      text += "\n      \(setting.help.isEmpty ? "" : setting.help + "; ")"
      text += "\(Self.variable(service: service, key: setting.key))\n"
    }
    text += """

      Instead of serving:
        --check-config   ends with 0 when the settings are good, else names every fault
        --print-config   prints the settings in force, secrets hidden
        --help           prints this

      """
    return text
  }

  private static func shown(_ setting: Known) -> String {
    guard let values = setting.values else {
      guard let fallback = setting.fallback, !fallback.isEmpty else { return "null" }
      return setting.isList
        ? JSONValue.array(fallback.split(separator: ",").map { .string(String($0)) }).encoded()
        : JSONValue.string(fallback).encoded()
    }
    if setting.isSecret { return "\"<redacted>\"" }
    return setting.isList
      ? JSONValue.array(values.map(JSONValue.string)).encoded()
      : JSONValue.string(values[0]).encoded()
  }
}
