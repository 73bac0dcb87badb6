/// The last buckets as the windows need them, newest last.
struct WindowHistory: Sendable {
  /// As they were seen; NaN where missing.
  var observed: [Double]

  /// Clipped to the band; NaN in buckets that say nothing of the level.
  var clipped: [Float]

  /// Clipped lightly, so that one monstrous value is not all there is.
  var light: [Float]

  /// What the level is multiplied by: the slot's factor and the cohort's shift.
  var factor: [Float]

  /// The cohort's shift alone, for as long as the season's test looks back.
  var shift: [Float]

  /// The level as it stood before the bucket.
  var level: [Float]

  /// The dispersion as it stood before the bucket: an event that goes on must not widen the band
  /// that it is measured by.
  var dispersion: [Float]

  init(longest: Int, light lightLength: Int, observed observedLength: Int) {
    observed = Array(repeating: .nan, count: observedLength)
    clipped = Array(repeating: .nan, count: longest)
    light = Array(repeating: .nan, count: lightLength)
    factor = Array(repeating: 1, count: longest)
    shift = Array(repeating: 1, count: EvidenceBatch.ringLength)
    dispersion = Array(repeating: 0, count: longest)
    level = Array(repeating: .nan, count: longest)
  }

  mutating func push(_ step: SeasonalStep) {
    observed.pushNewest(step.value)
    clipped.pushNewest(step.isUsed ? Float(step.clipped) : .nan)
    light.pushNewest(step.isUsed ? Float(step.lightlyClipped) : .nan)
    factor.pushNewest(Float(step.factor * step.shiftFactor))
    shift.pushNewest(Float(step.shiftFactor))
    dispersion.pushNewest(Float(step.dispersion))
    level.pushNewest(Float(step.level))
  }

  func encode(into writer: inout StateWriter) {
    for value in observed { writer.write(value) }
    for column in [clipped, light, factor, shift, dispersion, level] { writer.write(column) }
  }

  mutating func decode(from reader: inout StateReader) throws(BaselineError) {
    for place in observed.indices { observed[place] = try reader.double() }
    try reader.read(&clipped)
    try reader.read(&light)
    try reader.read(&factor)
    try reader.read(&shift)
    try reader.read(&dispersion)
    try reader.read(&level)
  }
}

extension Array {
  /// Appends an element and forgets the oldest, in place.
  @inline(__always)
  mutating func pushNewest(_ element: Element) {
    withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress, buffer.count > 0 else { return }
      base.update(from: base + 1, count: buffer.count - 1)
      buffer[buffer.count - 1] = element
    }
  }
}
