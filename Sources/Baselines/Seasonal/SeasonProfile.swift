import SeriesModel

/// The shape of the season: a factor a slot, with a mean of 1.
struct SeasonProfile: Sendable {
  /// How many settled versions are kept, a season apart: the oldest is what the season looked like
  /// before anything that is going on now.
  static let versionsKept = 4

  /// Weighted sums of values and of the levels they were seen at, a slot.
  private(set) var values: [Float]
  private(set) var levels: [Float]

  /// Weighted sums a slot of the day, on working days and on weekends, for hourly series: a week's
  /// slot is seen too seldom to stand alone.
  private(set) var dayValues: [Float]
  private(set) var dayLevels: [Float]

  /// The factors as they were last settled.
  private(set) var factors: [Float]

  /// Settled factors, newest first; only where the season is tested.
  private(set) var versions: [Float]

  let slots: Int

  init(granularity: Granularity) {
    switch granularity {
    case .day: slots = 7
    case .week: slots = 1
    case .hour, .fiveMinutes: slots = 168
    }
    values = Array(repeating: 0, count: slots)
    levels = Array(repeating: 0, count: slots)
    factors = Array(repeating: 1, count: slots)
    let isHourly = slots == 168
    dayValues = Array(repeating: 0, count: isHourly ? 48 : 0)
    dayLevels = Array(repeating: 0, count: isHourly ? 48 : 0)
    versions = Array(repeating: 1, count: granularity == .day ? slots * Self.versionsKept : 0)
  }

  /// The factor of a slot in the oldest version kept.
  func oldFactor(_ slot: Int) -> Double {
    Double(versions[(Self.versionsKept - 1) * slots + slot])
  }

  /// Adds a value seen at a level.
  mutating func learn(_ slot: Int, value: Double, level: Double, decay: Float) {
    values[slot] = decay * values[slot] + Float(value)
    levels[slot] = decay * levels[slot] + Float(level)
    guard !dayValues.isEmpty else { return }
    let place = Self.dayPlace(slot)
    dayValues[place] = 0.95 * dayValues[place] + Float(value)
    dayLevels[place] = 0.95 * dayLevels[place] + Float(level)
  }

  /// The hour of the day, weekends apart.
  static func dayPlace(_ slot: Int) -> Int { slot % 24 + (slot >= 120 ? 24 : 0) }

  /// Forgets so much of what was learned.
  mutating func keep(_ share: Float) {
    for slot in values.indices {
      values[slot] *= share
      levels[slot] *= share
    }
    for place in dayValues.indices {
      dayValues[place] *= share
      dayLevels[place] *= share
    }
  }

  /// What was seen over the level, a slot, for the cohort; empty where too little was seen.
  func view(leastLevel: Float) -> [Float] {
    guard slots == 7, levels.reduce(0, +) > leastLevel else { return [] }
    return (0..<slots).map { (values[$0] + 1e-9) / (levels[$0] + 1e-9) }
  }

  /// Settles the factors anew.
  ///
  /// - Parameters:
  ///   - pooled: The cohort's factors; empty where none are known.
  ///   - belief: How much level must have been seen in a slot before it is believed by half.
  mutating func settle(pooled: [Float], belief: Float) {
    if !versions.isEmpty {
      versions.replaceSubrange(slots..., with: versions[..<(slots * (Self.versionsKept - 1))])
    }
    let isKnown = pooled.count == slots
    // Days on which next to nothing comes are learned as such; nights are seen too seldom.
    let least: Float = slots == 7 ? 0.001 : 0.01
    var sum: Float = 0
    for slot in factors.indices {
      let prior: Float
      if dayValues.isEmpty {
        prior = isKnown ? pooled[slot] : 1
      } else {
        let place = Self.dayPlace(slot)
        prior = (dayValues[place] + 0.05) / (dayLevels[place] + 0.05)
      }
      let factor = (values[slot] + belief * prior) / (levels[slot] + belief)
      factors[slot] = min(max(factor, least), 8)
      sum += factors[slot]
    }
    let mean = sum / Float(slots)
    for slot in factors.indices { factors[slot] /= mean }
    for slot in factors.indices where !versions.isEmpty { versions[slot] = factors[slot] }
  }

  func encode(into writer: inout StateWriter) {
    for column in [values, levels, dayValues, dayLevels, factors, versions] {
      writer.write(column)
    }
  }

  mutating func decode(from reader: inout StateReader) throws(BaselineError) {
    try reader.read(&values)
    try reader.read(&levels)
    try reader.read(&dayValues)
    try reader.read(&dayLevels)
    try reader.read(&factors)
    try reader.read(&versions)
  }
}
