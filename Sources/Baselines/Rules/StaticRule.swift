public import SeriesModel

/// A threshold that people set, beside what the models find out for themselves.
///
/// Rules of different names stand side by side on a series. Of one name the narrowest scope decides:
/// customer before metric (with its dimensions before its bare name), metric before segment, segment
/// before the organisation; so a rule is changed, or switched off, where it does not fit.
///
/// All comparisons are strict: a drop of exactly the threshold does not fire.
public struct StaticRule: Sendable, Hashable {
  /// What is held against the threshold.
  public enum Comparison: UInt8, Sendable, Hashable, CaseIterable {
    /// How far the value lies below the reference, in its own unit.
    case dropPoints = 1
    /// How far it lies above the reference, in its own unit.
    case risePoints = 2
    /// How far it lies below the reference, in per cent of it.
    case dropPercent = 3
    /// How far it lies above the reference, in per cent of it.
    case risePercent = 4
    /// The value itself, below the threshold.
    case below = 5
    /// The value itself, above the threshold.
    case above = 6
    /// The value in per cent, above the threshold; a ratio whose unit is not % counts a hundredfold.
    case abovePercent = 7
    /// How far it lies to either side of the companion's value, in per cent of that.
    case variance = 8
    /// The distance of the highest from the lowest value of the window, below the threshold while
    /// all lie below the ceiling.
    case plateau = 9
    /// What has been regained, in the value's own unit, since the lowest value of the window, where
    /// a fall by more than the threshold led to it and the series never before rose so fast.
    case recovery = 10
    /// The share of leavers among the companion's customers: its lowest likely value, in per cent,
    /// above the usual share, which is the threshold or, where that is 0, that of the window.
    case rate = 11
    /// Nothing: findings of the kind named as companion are not told.
    case mute = 12
    /// How far a customer has spread the same total over its features in another way, in per cent
    /// of Jensen and Shannon's distance; the minimum is the total a day.
    case mixShift = 13

    /// The word used in settings and files.
    public var name: String {
      switch self {
      case .dropPoints: "drop_points"
      case .risePoints: "rise_points"
      case .dropPercent: "drop_percent"
      case .risePercent: "rise_percent"
      case .below: "below"
      case .above: "above"
      case .abovePercent: "above_percent"
      case .variance: "variance"
      case .plateau: "plateau"
      case .recovery: "recovery"
      case .rate: "rate"
      case .mute: "mute"
      case .mixShift: "mix_shift"
      }
    }

    /// Whether it says nothing without another metric or a kind.
    public var needsCompanion: Bool { self == .variance || self == .rate || self == .mute }
  }

  /// What a change is measured against.
  public enum Reference: UInt8, Sendable, Hashable, CaseIterable {
    /// The last value before this one.
    case previous = 1
    /// The value one season before.
    case season = 2
    /// The mean of the values in the window before this one.
    case mean = 3
    /// The highest value in the window before this one, the last one among them.
    case highest = 4
    /// The lowest value in the window before this one, the last one among them.
    case lowest = 5

    /// The word used in settings and files.
    public var name: String {
      switch self {
      case .previous: "previous"
      case .season: "season"
      case .mean: "mean"
      case .highest: "highest"
      case .lowest: "lowest"
      }
    }
  }

  /// Buckets that a window may hold: what a row of evidence shows, but for the newest.
  public static let windowMax = EvidenceBatch.ringLength - 1

  /// Such as "health_drop"; of one name only the narrowest scope decides.
  public var name: String
  /// Where it holds.
  public var scope: Scope
  /// The metric by its name, or by its name with dimensions, or by the start of either before a *;
  /// empty for every metric in scope.
  public var metric: String
  /// What is held against the threshold.
  public var comparison: Comparison
  /// What a change is measured against.
  public var reference: Reference
  /// What must be passed.
  public var threshold: Double
  /// What the reference, or the companion's value, must reach for the rule to speak.
  public var minimum: Double
  /// Above it a plateau is none; 0 for no such line.
  public var ceiling: Double
  /// In buckets, 1 to ``windowMax``.
  public var window: Int
  /// How many newest buckets must all show it, 1 to ``windowMax``.
  public var hold: Int
  /// The metric that holds the forecast or the customers at risk, or the kind that is muted.
  public var companion: String
  /// What the finding weighs at least: 1 info, 2 warning, 3 critical; 0 leaves it to its size.
  public var severity: UInt8
  /// False where the rule of that name does not hold within the scope.
  public var isOn: Bool

  /// Gathers a rule.
  public init(
    name: String, scope: Scope = .organisation, metric: String = "", comparison: Comparison,
    reference: Reference = .previous, threshold: Double = 0, minimum: Double = 0,
    ceiling: Double = 0, window: Int = 1, hold: Int = 1, companion: String = "",
    severity: UInt8 = 0, isOn: Bool = true
  ) {
    self.name = name
    self.scope = scope
    self.metric = metric
    self.comparison = comparison
    self.reference = reference
    self.threshold = threshold
    self.minimum = minimum
    self.ceiling = ceiling
    self.window = window
    self.hold = hold
    self.companion = companion
    self.severity = severity
    self.isOn = isOn
  }

  /// Whether the rule speaks of a metric, wherever it holds.
  public func speaks(of other: Metric) -> Bool {
    if metric.isEmpty || metric == other.name || metric == other.key { return true }
    return metric.last == "*" && other.key.hasPrefix(metric.dropLast())
  }

  /// Whether the rule measures values of a metric, as that which it speaks of or as a companion.
  func looksAt(_ other: Metric) -> Bool {
    guard comparison != .mute else { return false }
    let isCompanion =
      comparison.needsCompanion && (companion == other.name || companion == other.key)
    return isCompanion || speaks(of: other)
  }

  /// Why the rule cannot be used, with the name of the field, or nil.
  public var fault: (field: String, reason: String)? {
    if name.isEmpty { return ("name", "must not be empty") }
    if !threshold.isFinite || threshold < 0 { return ("threshold", "must be 0 or more") }
    if !minimum.isFinite || minimum < 0 { return ("minimum", "must be 0 or more") }
    if !ceiling.isFinite || ceiling < 0 { return ("ceiling", "must be 0 or more") }
    if !(1...Self.windowMax).contains(window) {
      return ("window", "must be 1 to \(Self.windowMax)")
    }
    if !(1...Self.windowMax).contains(hold) { return ("hold", "must be 1 to \(Self.windowMax)") }
    if comparison.needsCompanion, companion.isEmpty, isOn {
      return ("companion", "must not be empty for \(comparison.name)")
    }
    if severity > 3 { return ("severity", "must be info, warning, critical or none") }
    return nil
  }

  /// Adds all that the rule says to a fingerprint.
  public func add(to hash: inout ContentHash) {
    hash.add(name)
    hash.add(scope.text)
    hash.add(metric)
    hash.add(companion)
    for number in [threshold, minimum, ceiling] { hash.add(number) }
    for number in [
      Int(comparison.rawValue), Int(reference.rawValue), window, hold, Int(severity),
    ] {
      hash.add(UInt64(number))
    }
  }
}
