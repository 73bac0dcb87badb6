import Baselines

/// A file of static rules as comma-separated values.
enum RuleFile {
  /// The columns beside `name` and `comparison`, for help.
  static let optional = RuleWords.optional

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
        rules.append(try RuleWords.rule(at: "\(path):\(line)") { values.text($0) })
      }
    }
    return rules
  }
}
