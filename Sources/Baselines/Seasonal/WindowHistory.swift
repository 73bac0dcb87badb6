/// What the windows need to know of one bucket.
struct SeenBucket: Sendable {
  /// As it was seen; NaN where missing.
  var observed = Double.nan

  /// Clipped to the band; NaN in buckets that say nothing of the level.
  var clipped = Float.nan

  /// Clipped lightly, so that one monstrous value is not all there is.
  var light = Float.nan

  /// What the level is multiplied by: the slot's factor and the cohort's shift.
  var factor: Float = 1

  /// The cohort's shift alone, for the season's test.
  var shift: Float = 1

  /// The level as it stood before the bucket.
  var level = Float.nan

  /// The dispersion as it stood before the bucket: an event that goes on must not widen the band
  /// that it is measured by.
  var dispersion: Float = 0
}

extension SeenBucket {
  init(_ step: SeasonalStep) {
    observed = step.value
    clipped = step.isUsed ? Float(step.clipped) : .nan
    light = step.isUsed ? Float(step.lightlyClipped) : .nan
    factor = Float(step.factor * step.shiftFactor)
    shift = Float(step.shiftFactor)
    level = Float(step.level)
    dispersion = Float(step.dispersion)
  }

  /// What was normal for the bucket, before any of it was known.
  var usual: Double { Double(level) * Double(factor) }
}

/// The last buckets as the windows need them; 0 back is the newest.
typealias WindowHistory = Ring<SeenBucket>

extension WindowHistory {
  init(longest: Int) { self.init(repeating: SeenBucket(), count: longest) }

  /// Writes the buckets column by column, and of each column only what is looked back for.
  func encode(into writer: inout StateWriter, reach: WindowReach) {
    let buckets = oldestFirst
    for bucket in buckets.suffix(reach.observed) { writer.write(bucket.observed) }
    for bucket in buckets { writer.write(bucket.clipped) }
    for bucket in buckets.suffix(reach.light) { writer.write(bucket.light) }
    for bucket in buckets { writer.write(bucket.factor) }
    for bucket in buckets.suffix(reach.shift) { writer.write(bucket.shift) }
    for bucket in buckets { writer.write(bucket.dispersion) }
    for bucket in buckets { writer.write(bucket.level) }
  }

  mutating func decode(
    from reader: inout StateReader, reach: WindowReach
  ) throws(BaselineError) {
    var buckets = Array(repeating: SeenBucket(), count: count)
    let all = buckets.indices
    for place in all.suffix(reach.observed) { buckets[place].observed = try reader.double() }
    for place in all { buckets[place].clipped = try reader.float() }
    for place in all.suffix(reach.light) { buckets[place].light = try reader.float() }
    for place in all { buckets[place].factor = try reader.float() }
    for place in all.suffix(reach.shift) { buckets[place].shift = try reader.float() }
    for place in all { buckets[place].dispersion = try reader.float() }
    for place in all { buckets[place].level = try reader.float() }
    self = Ring(oldestFirst: buckets)
  }
}

/// For how many buckets each column is looked back for, so that no more of it is kept in bytes.
struct WindowReach: Sendable {
  let observed: Int
  let light: Int
  let shift = EvidenceBatch.ringLength

  init(_ rates: LearningRates) {
    observed = max(rates.anchorWindow, EvidenceBatch.ringLength)
    light = rates.lightWindow
  }
}
