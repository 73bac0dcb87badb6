internal import Locking

/// All label values of one name.
final class MetricFamily: Sendable {
  enum Kind: Sendable, Equatable {
    case counter, gauge
    case histogram([Double])
  }

  struct Cell {
    var sum: Double = 0
    var counts: [Int]
  }

  /// Label values come from closed sets; should one not, the rest is summed under "other".
  static let labelSetLimit = 1_000

  let name: String
  let kind: Kind
  let labels: [String]
  private let help: String
  private let cells: Locked<[[String]: Cell]>

  init(name: String, kind: Kind, help: String, labels: [String]) {
    self.name = name
    self.kind = kind
    self.help = help
    self.labels = labels
    // A figure without labels shows from the start, so that "nothing yet" reads as 0.
    cells = Locked(labels.isEmpty ? [[]: Cell(counts: Self.emptyCounts(kind))] : [:])
  }

  func update(_ labelValues: [String], _ change: (inout Cell) -> Void) {
    precondition(labelValues.count == labels.count, "label values do not match: \(name)")
    cells.withLock { cells in
      var key = labelValues
      if cells[key] == nil && cells.count >= Self.labelSetLimit {
        key = labels.map { _ in "other" }
      }
      change(&cells[key, default: Cell(counts: Self.emptyCounts(kind))])
    }
  }

  func read(_ labelValues: [String]) -> Cell? { cells.withLock { $0[labelValues] } }

  func exposition() -> String {
    var text = "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) "
    switch kind {
    case .counter: text += "counter\n"
    case .gauge: text += "gauge\n"
    case .histogram: text += "histogram\n"
    }
    let rows = cells.withLock { $0 }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    for (values, cell) in rows {
      switch kind {
      case .counter, .gauge: text += line("", values, nil, Self.number(cell.sum))
      case .histogram(let bounds):
        var count = 0
        for (place, bound) in bounds.enumerated() {
          count += cell.counts[place]
          text += line("_bucket", values, Self.number(bound), String(count))
        }
        count += cell.counts[bounds.count]
        text += line("_bucket", values, "+Inf", String(count))
        text += line("_sum", values, nil, Self.number(cell.sum))
        text += line("_count", values, nil, String(count))
      }
    }
    return text
  }

  private func line(
    _ suffix: String, _ values: [String], _ bound: String?, _ value: String
  ) -> String {
    var pairs = zip(labels, values).map { "\($0)=\"\(Self.escaped($1, quotes: true))\"" }
    if let bound { pairs.append("le=\"\(bound)\"") }
    let braces = pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}"
    return "\(name)\(suffix)\(braces) \(value)\n"
  }

  private static func emptyCounts(_ kind: Kind) -> [Int] {
    guard case .histogram(let bounds) = kind else { return [] }
    return [Int](repeating: 0, count: bounds.count + 1)
  }

  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    let text = value.description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  private static func escaped(_ text: String, quotes: Bool) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\"" where quotes: result += "\\\""
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
