public import Alerting
internal import SeriesModel

/// What was expected beside what was seen, as two bars of block characters.
///
/// For receivers that show no picture; to be set in a font whose characters are of one width.
public struct ComparisonBars: Sendable, Hashable {
  /// The longest bar, in characters.
  public static let width = 24

  /// Two lines: a name, a bar, a value.
  public let text: String

  /// Draws the bars; nil where lengths would say nothing, as of values below zero.
  public init?(_ notice: Notice) {
    let values = [notice.baseline, notice.actual]
    let most = max(notice.baseline, notice.actual)
    guard values.allSatisfy({ $0.isFinite && $0 >= 0 }), most > 0 else { return nil }
    let lines = zip(["Expected", "Actual  "], values).map { name, value in
      let words = valueWords(value, notice.metricKind, unit: notice.unit, notice.granularity)
      return "\(name) \(Self.bar(value / most)) \(words)"
    }
    text = lines.joined(separator: "\n")
  }

  /// A bar in eighths of a character.
  private static func bar(_ share: Double) -> String {
    let eighths = Int((share * Double(width * 8)).rounded())
    let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    return String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
  }
}
