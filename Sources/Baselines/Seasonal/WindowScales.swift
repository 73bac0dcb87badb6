/// How much each window's deviate varies when nothing is the matter, learned from the series' own
/// past: later than an event lasts, or a slow one would widen the scale that it is measured by.
struct WindowScales: Sendable {
  /// Mean square of the deviate.
  var square: [Double]

  /// The largest deviate in units of the scale, slowly forgotten.
  var record: [Double]

  /// Deviates that have not taught yet, in coarse steps: windows × samples, each a ring that the
  /// number of the sample leads around.
  private var past: [Int8]

  private let samples: Int

  /// Stands for a deviate that may not teach.
  private static let none = Int8.min

  init(windows: Int, samples: Int) {
    square = Array(repeating: 1.5, count: windows)
    record = Array(repeating: 0, count: windows)
    past = Array(repeating: Self.none, count: windows * samples)
    self.samples = samples
  }

  /// What a window's deviate is divided by, so that its threshold need not know the series.
  ///
  /// A series whose past is wild is judged beyond its wildest; one that has been calm for long is
  /// judged a little earlier than others.
  func divisor(_ place: Int, threshold: Double, age: Int, rates: LearningRates) -> Double {
    let own = max(
      record[place] + 0.6,
      min(max(rates.calmShare * threshold, 1.2 * record[place] + 2), threshold))
    let share = age < rates.calmFrom ? max(1, own / threshold) : own / threshold
    return max(square[place], 1).squareRoot() * share
  }

  /// Takes the newest deviates in and learns from those whose time has come.
  mutating func learn(
    _ results: [WindowResult], at sample: Int, mayKeep: Bool, mayTeach: Bool, rates: LearningRates
  ) {
    let head = sample % samples
    for place in results.indices {
      let oldest = past[place * samples + head]
      if mayTeach, oldest != Self.none, oldest != 0 {
        let deviate = Self.wide(oldest)
        let known = max(1, square[place])
        square[place] +=
          rates.scaleRate * (min(deviate * deviate, 9 * known) * 1.04 - square[place])
        let size = min(deviate.magnitude / max(1, square[place]).squareRoot(), 30)
        record[place] = max(record[place] * rates.recordDecay, size)
      } else {
        record[place] *= rates.recordDecay
      }
      let result = results[place]
      past[place * samples + head] =
        mayKeep && result.valid > 0 ? Self.narrow(result.rawDeviate) : Self.none
    }
  }

  /// Square roots in sixteenths keep small deviates exact to a few hundredths and reach to 62.
  private static func narrow(_ deviate: Double) -> Int8 {
    let root = min((deviate.magnitude.squareRoot() * 16).rounded(), 127)
    return Int8(deviate < 0 ? -root : root)
  }

  private static func wide(_ stored: Int8) -> Double {
    let root = Double(stored) / 16
    return root < 0 ? -root * root : root * root
  }

  func encode(into writer: inout StateWriter) {
    for number in square { writer.write(number) }
    for number in record { writer.write(number) }
    for deviate in past { writer.write(deviate) }
  }

  mutating func decode(from reader: inout StateReader) throws(BaselineError) {
    for place in square.indices { square[place] = try reader.finite() }
    for place in record.indices { record[place] = try reader.finite() }
    for place in past.indices { past[place] = try reader.integer(Int8.self) }
  }
}
