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
  ///
  /// - Parameters:
  ///   - summary: The first line.
  ///   - apart: Keys that stand in a list of their own, after the others.
  ///   - hidden: Keys that mean nothing to this program.
  ///   - apartTitle: The head of that list.
  ///   - instead: What the requests at the end take the place of.
  /// - Returns: The text, with a line break at its end.
  public func helpText(
    summary: String, apart: Set<String> = [], hidden: Set<String> = [], apartTitle: String = "",
    instead: String = "Instead of serving"
  ) -> String {
    let shown = known.values.filter { !hidden.contains($0.key) }.sorted { $0.key < $1.key }
    let own = shown.filter { !apart.contains($0.key) }
    let others = shown.filter { apart.contains($0.key) }
    var text = "\(summary)\n"
    if !own.isEmpty {
      text += "\nSettings, by flag, environment or file (--config FILE):\n"
      text += own.map(helpText).joined()
    }
    if !others.isEmpty { text += "\n\(apartTitle):\n" + others.map(helpText).joined() }
    text += """

      \(instead):
        --check-config   ends with 0 when the settings are good, else names every fault
        --print-config   prints the settings in force, secrets hidden
        --help           prints this

      """
    return text
  }

  private func helpText(_ setting: Known) -> String {
    var text = "  --\(setting.key)"
    switch setting.fallback {
    case nil: text += "  (needed)"
    case "": break
    case let fallback?: text += "  (default \(fallback))"
    }
    text += "\n      \(setting.help.isEmpty ? "" : setting.help + "; ")"
    return text + "\(Self.variable(service: service, key: setting.key))\n"
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
