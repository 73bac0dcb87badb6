import Baselines
import Classification
import SeriesModel

/// The words by which people write static rules and scopes, in files and on the command line.
enum RuleWords {
  /// What a rule may say beside its name and its comparison.
  static let optional = [
    "scope", "metric", "reference", "threshold", "minimum", "ceiling", "window", "hold",
    "companion", "severity", "off",
  ]

  /// All comparisons, for help.
  static let comparisons = StaticRule.Comparison.allCases.map(\.name).joined(separator: ", ")

  /// The rule that some words make.
  ///
  /// - Parameters:
  ///   - place: What errors call it.
  ///   - text: The word of a field, or empty.
  /// - Returns: The rule.
  /// - Throws: ``CommandError`` that names the field.
  static func rule(
    at place: String, _ text: (String) -> String
  ) throws(CommandError) -> StaticRule {
    let offWords = ["": false, "false": false, "true": true]
    guard let isOff = offWords[text("off")] else {
      throw CommandError("\(place): off is true, false or empty")
    }
    let named = try word(text, "comparison", StaticRule.Comparison.allCases, at: place) { $0.name }
    guard !text("name").isEmpty else { throw CommandError("\(place): name is empty") }
    // What is switched off compares nothing.
    guard let comparison = named ?? (isOff ? .mute : nil) else {
      throw CommandError("\(place): comparison is empty; there are \(comparisons)")
    }
    let reference = try word(text, "reference", StaticRule.Reference.allCases, at: place) {
      $0.name
    }
    guard let scope = Scope(text("scope")) else {
      throw CommandError(
        "\(place): scope is empty, segment:NAME, metric:NAME or customer:ID")
    }
    let severities = ["", "info", "warning", "critical"]
    guard let severity = severities.firstIndex(of: text("severity")) else {
      throw CommandError("\(place): severity is empty, info, warning or critical")
    }
    let companion = text("companion")
    let kinds = AnomalyType.allCases.map(\.name)
    if comparison == .mute, !isOff, !kinds.contains(companion) {
      throw CommandError("\(place): companion names no kind of finding that could be muted")
    }
    if !isOff, comparison.needsThreshold, text("threshold").isEmpty {
      throw CommandError("\(place): threshold is empty, and \(comparison.name) needs one")
    }
    let rule = StaticRule(
      name: text("name"), scope: scope, metric: text("metric"),
      comparison: comparison, reference: reference ?? .previous,
      threshold: try number(text, "threshold", at: place),
      minimum: try number(text, "minimum", at: place),
      ceiling: try number(text, "ceiling", at: place),
      window: try buckets(text, "window", at: place),
      hold: try buckets(text, "hold", at: place), companion: companion,
      severity: UInt8(severity), isOn: !isOff)
    if let fault = rule.fault { throw CommandError("\(place): \(fault.field) \(fault.reason)") }
    return rule
  }

  /// The case of that name; nil where the column is empty.
  private static func word<Word>(
    _ text: (String) -> String, _ column: String, _ words: [Word], at place: String,
    name: (Word) -> String
  ) throws(CommandError) -> Word? {
    let word = text(column)
    if word.isEmpty { return nil }
    guard let found = words.first(where: { name($0) == word }) else {
      let known = words.map(name).joined(separator: ", ")
      throw CommandError("\(place): there is no \(column) \"\(word)\"; there are \(known)")
    }
    return found
  }

  private static func number(
    _ text: (String) -> String, _ column: String, at place: String
  ) throws(CommandError) -> Double {
    let word = text(column)
    guard let number = word.isEmpty ? 0 : Double(word) else {
      throw CommandError("\(place): \(column) is no number")
    }
    return number
  }

  /// A number of buckets; 1 where the column is empty.
  private static func buckets(
    _ text: (String) -> String, _ column: String, at place: String
  ) throws(CommandError) -> Int {
    let word = text(column)
    if word.isEmpty { return 1 }
    guard let count = Int(word) else {
      throw CommandError("\(place): \(column) is no whole number")
    }
    return count
  }

  /// A rule as one line.
  static func line(_ rule: StaticRule) -> String {
    var words = [rule.name, scope(rule.scope)]
    if !rule.isOn { return oneLine((words + ["off"]).joined(separator: "  ")) }
    if !rule.metric.isEmpty { words.append("metric \(rule.metric)") }
    words.append(rule.comparison.name)
    for (name, number) in [
      ("threshold", rule.threshold), ("minimum", rule.minimum), ("ceiling", rule.ceiling),
    ] where number != 0 {
      words.append("\(name) \(numberWords(number))")
    }
    if rule.reference != .previous { words.append("reference \(rule.reference.name)") }
    if rule.window != 1 { words.append("window \(rule.window)") }
    if rule.hold != 1 { words.append("hold \(rule.hold)") }
    if !rule.companion.isEmpty { words.append("companion \(rule.companion)") }
    if let severity = Severity(rawValue: rule.severity) {
      words.append("severity \(severity.name)")
    }
    return oneLine(words.joined(separator: "  "))
  }

  /// Whether a shipped rule is in force, given the names of the house's own rules for all.
  static func standing(_ shipped: StaticRule, own: Set<String>) -> String {
    own.contains(shipped.name)
      ? "shipped, not in force: the rule of that name above takes its place" : "shipped, in force"
  }

  /// A scope in words.
  static func scope(_ scope: Scope) -> String {
    switch scope {
    case .organisation: "all"
    case .segment(let name): "segment \(name)"
    case .metric(let name): "metric \(name)"
    case .customer(let id): "customer \(id)"
    }
  }

  /// Where a setting holds: at most one of the three, else everywhere.
  static func scope(
    segment: String, customer: String, metric: String, at place: String
  ) throws(CommandError) -> Scope {
    switch (segment.isEmpty, customer.isEmpty, metric.isEmpty) {
    case (true, true, true): return .organisation
    case (false, true, true): return .segment(segment)
    case (true, false, true): return .customer(customer)
    case (true, true, false): return .metric(metric)
    default:
      throw CommandError("\(place): names more than one of segment, customer and metric")
    }
  }
}

extension StaticRule.Comparison {
  /// Whether nothing is said without a threshold: a rate has its own past, and what is muted none.
  fileprivate var needsThreshold: Bool {
    switch self {
    case .rate, .mute: false
    case .dropPoints, .risePoints, .dropPercent, .risePercent, .below, .above, .abovePercent,
      .variance, .plateau, .recovery, .mixShift:
      true
    }
  }
}
