/// What one measurement of a stream used to be, and the furthest that it has been to either side.
///
/// The records fade towards the mean, so that what happens again after weeks is news again.
struct StreamRecord: Sendable, Hashable {
  /// Values measured; counted no further than the memory.
  var count: Int32 = 0
  var mean = 0.0
  var variance = 0.0
  var highest = 0.0
  var lowest = 0.0

  /// By how much a value goes beyond the record of its side, as a logarithm whose sign is the side;
  /// 0 up to it.
  func excess(of value: Double, floor: Double, _ parameters: StreamParameters) -> Double {
    guard Int(count) >= parameters.recordFrom else { return 0 }
    let isUp = value > mean
    let distance = (value - mean).magnitude
    let believed = max(parameters.recordFloor * variance.squareRoot(), floor)
    let record = max(isUp ? highest - mean : mean - lowest, believed)
    guard distance > record else { return 0 }
    let excess =
      record > 0
      ? min(naturalLogarithm(distance / record), parameters.excessMax) : parameters.excessMax
    return isUp ? excess : -excess
  }

  /// Takes a value into mean, spread and records.
  mutating func learn(_ value: Double, _ parameters: StreamParameters) {
    let isFirst = count == 0
    if Int(count) < parameters.memory { count += 1 }
    let weight = 1 / Double(count)
    let distance = value - mean
    mean += weight * distance
    variance = (1 - weight) * (variance + weight * distance * distance)
    highest = isFirst ? value : max(value, mean + (highest - mean) * parameters.recordDecay)
    lowest = isFirst ? value : min(value, mean + (lowest - mean) * parameters.recordDecay)
  }
}
