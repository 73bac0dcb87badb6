/// Where a setting holds.
public enum Scope: Sendable, Hashable {
  /// Everywhere.
  case organisation
  /// For the customers of a segment.
  case segment(String)
  /// For a metric, by its name or by its name with dimensions.
  case metric(String)
  /// For one customer, by its external id.
  case customer(String)

  /// The scope written `segment:x`, `metric:x`, `customer:x` or the empty text; nil otherwise.
  public init?(_ text: String) {
    if text.isEmpty {
      self = .organisation
      return
    }
    guard let colon = text.firstIndex(of: ":") else { return nil }
    let name = String(text[text.index(after: colon)...])
    guard !name.isEmpty else { return nil }
    switch text[..<colon] {
    case "segment": self = .segment(name)
    case "metric": self = .metric(name)
    case "customer": self = .customer(name)
    default: return nil
    }
  }

  /// The scope as a text that ``init(_:)`` reads back.
  public var text: String {
    switch self {
    case .organisation: ""
    case .segment(let name): "segment:\(name)"
    case .metric(let name): "metric:\(name)"
    case .customer(let name): "customer:\(name)"
    }
  }
}

/// How cautious judgement is within a scope: thresholds are multiplied by the scale.
public struct SensitivityRule: Sendable, Hashable {
  /// Where it holds.
  public var scope: Scope

  /// 1 is nominal; above it fewer findings, below it more.
  public var scale: Double

  /// Joins scope and scale.
  public init(scope: Scope, scale: Double) {
    self.scope = scope
    self.scale = scale
  }
}
