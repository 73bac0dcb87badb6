/// The last seasons against the season's shape of before, taken once a season: three weeks against
/// that of three weeks ago, or two days of hours against what is known of each hour of the week.
struct SeasonTest: Sendable {
  /// How often it is taken and how long a change goes on, in buckets.
  struct Pace: Sendable, Hashable {
    /// From one time to the next.
    var every: Int
    /// After which another change is a new one.
    var apart: Int
    /// For how long the shape is learned anew.
    var relearning: Int

    static let day = Pace(every: 7, apart: 42, relearning: 35)
    static let hour = Pace(every: 24, apart: 5 * 24, relearning: 5 * 24)
  }

  private let pace: Pace

  /// Times after which a distance teaches the scale.
  private static let delay = 8

  /// Mean square of the distance, and the largest in units of its root.
  private var square = 1.2
  private var record = 0.0

  /// Distances that have not taught yet; 0 for none.
  private var past = Ring(repeating: Float(0), count: Self.delay)

  /// When a change was last found anew, and when for the last time in a row.
  private(set) var changed: Int?
  private var lastFired: Int?

  /// The newest distance in units of the series' own past, and the mean change of a slot as a log
  /// ratio; 0 where it may not be judged.
  private(set) var distance = 0.0
  private(set) var effect = 0.0

  init(pace: Pace) { self.pace = pace }

  /// Whether the shape is being learned anew, without clipping.
  func isRelearning(_ step: Int) -> Bool { changed.map { step - $0 <= pace.relearning } ?? false }

  /// Takes the newest distance in.
  ///
  /// - Returns: Whether a change was found anew, so that the shape must be learned anew.
  mutating func take(
    distance raw: Double, effect: Double, mayJudge: Bool, step: Int, rules: ShapeRules
  ) -> Bool {
    let isContinuing = lastFired.map { step - $0 <= pace.every } ?? false
    let isAfter = changed.map { step - $0 > pace.apart } ?? true
    let scaled = raw / max(square, 1).squareRoot()
    learn(mayJudge && isAfter ? raw : 0, isCalm: isAfter)
    guard mayJudge, isContinuing || isAfter else {
      distance = 0
      self.effect = 0
      return false
    }
    distance = scaled / max(1, (record + 0.4) / rules.season)
    self.effect = effect
    guard rules.seasonScore(distance, effect: effect, scale: 1) > 1 else { return false }
    lastFired = step
    guard isAfter else { return false }
    changed = step
    return true
  }

  private mutating func learn(_ raw: Double, isCalm: Bool) {
    let oldest = Double(past[back: Self.delay - 1])
    if isCalm, oldest > 0 {
      square += 0.13 * (min(oldest * oldest, 6) - square)
      record = max(record * 0.979, min(oldest / max(square, 1).squareRoot(), 4))
    }
    past.push(Float(raw))
  }

  func encode(into writer: inout StateWriter) {
    writer.write(past.oldestFirst)
    for number in [square, record, distance, effect] { writer.write(number) }
    writer.write(step: changed)
    writer.write(step: lastFired)
  }

  mutating func decode(from reader: inout StateReader) throws(BaselineError) {
    past = Ring(oldestFirst: try reader.floats(Self.delay))
    square = try reader.finite()
    record = try reader.finite()
    distance = try reader.finite()
    effect = try reader.finite()
    changed = try reader.step()
    lastFired = try reader.step()
  }
}

extension ShapeRules {
  /// How far the season's shape has moved beyond what a change needs, 1 or more when it is one.
  public func seasonScore(_ distance: Double, effect: Double, scale: Double) -> Double {
    effect > seasonEffect ? distance / (season * scale) : 0
  }
}
