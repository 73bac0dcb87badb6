import Baselines
import Classification

/// A file of static rules as comma-separated values.
enum RuleFile {
  /// The columns beside `name` and `comparison`, for help.
  static let optional = [
    "scope", "metric", "reference", "threshold", "minimum", "ceiling", "window", "hold",
    "companion", "severity", "off",
  ]

  /// Reads rules; a file with a fault is refused whole, by line.
  ///
  /// - Throws: ``CommandError`` that names the line.
  static func rules(path: String) throws(CommandError) -> [StaticRule] {
    var table = try TableFile(path: path, needed: ["name", "comparison"], optional: optional)
    var rules: [StaticRule] = []
    while let row = try table.next() {
      switch row {
      case .fault(let line, let reason): throw CommandError("\(path):\(line): \(reason)")
      case .values(let line, let values):
        rules.append(try rule(values, at: "\(path):\(line)"))
      }
    }
    return rules
  }

  private static func rule(_ values: TableRow, at place: String) throws(CommandError) -> StaticRule
  {
    let comparison = try word(values, "comparison", StaticRule.Comparison.allCases, at: place) {
      $0.name
    }
    guard let comparison else { throw CommandError("\(place): comparison is empty") }
    let reference = try word(values, "reference", StaticRule.Reference.allCases, at: place) {
      $0.name
    }
    guard let scope = Scope(values.text("scope")) else {
      throw CommandError(
        "\(place): scope is empty, segment:NAME, metric:NAME or customer:ID")
    }
    let severities = ["", "info", "warning", "critical"]
    guard let severity = severities.firstIndex(of: values.text("severity")) else {
      throw CommandError("\(place): severity is empty, info, warning or critical")
    }
    let offWords = ["": false, "false": false, "true": true]
    guard let isOff = offWords[values.text("off")] else {
      throw CommandError("\(place): off is true, false or empty")
    }
    let companion = values.text("companion")
    let kinds = AnomalyType.allCases.map(\.name)
    if comparison == .mute, !isOff, !kinds.contains(companion) {
      throw CommandError("\(place): companion names no kind of finding that could be muted")
    }
    let rule = StaticRule(
      name: values.text("name"), scope: scope, metric: values.text("metric"),
      comparison: comparison, reference: reference ?? .previous,
      threshold: try number(values, "threshold", at: place),
      minimum: try number(values, "minimum", at: place),
      ceiling: try number(values, "ceiling", at: place),
      window: try buckets(values, "window", at: place),
      hold: try buckets(values, "hold", at: place), companion: companion,
      severity: UInt8(severity), isOn: !isOff)
    if let fault = rule.fault { throw CommandError("\(place): \(fault.field) \(fault.reason)") }
    return rule
  }

  /// The case of that name; nil where the column is empty.
  private static func word<Word>(
    _ values: TableRow, _ column: String, _ words: [Word], at place: String,
    name: (Word) -> String
  ) throws(CommandError) -> Word? {
    let text = values.text(column)
    if text.isEmpty { return nil }
    guard let found = words.first(where: { name($0) == text }) else {
      let known = words.map(name).joined(separator: ", ")
      throw CommandError("\(place): there is no \(column) \"\(text)\"; there are \(known)")
    }
    return found
  }

  private static func number(
    _ values: TableRow, _ column: String, at place: String
  ) throws(CommandError) -> Double {
    guard let number = values.number(column) else {
      throw CommandError("\(place): \(column) is no number")
    }
    return number
  }

  /// A number of buckets; 1 where the column is empty.
  private static func buckets(
    _ values: TableRow, _ column: String, at place: String
  ) throws(CommandError) -> Int {
    let text = values.text(column)
    if text.isEmpty { return 1 }
    guard let count = Int(text) else {
      throw CommandError("\(place): \(column) is no whole number")
    }
    return count
  }
}
