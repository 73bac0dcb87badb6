/// How much each window's deviate varies when nothing is the matter, learned from the series' own
/// past: later than an event lasts, or a slow one would widen the scale that it is measured by.
struct WindowScales: Sendable {
  /// Mean square of the deviate.
  private var square = Lanes(repeating: 1.5)

  /// The largest deviate in units of the scale, slowly forgotten.
  private var record = Lanes()

  /// Deviates that have not taught yet, in coarse steps: a ring that the number of the sample leads
  /// around.
  private var past: [SIMD8<Int8>]

  private let windows: Int

  /// Stands for a deviate that may not teach.
  private static let none = Int8.min

  init(windows: Int, samples: Int) {
    self.windows = windows
    past = Array(repeating: SIMD8(repeating: Self.none), count: samples)
  }

  /// What the windows' deviates are divided by, so that their thresholds need not know the series.
  ///
  /// A series whose past is wild is judged beyond its wildest; one that has been calm for long is
  /// judged a little earlier than others.
  @inline(__always)
  func divisors(thresholds: Lanes, age: Int, rates: LearningRates) -> Lanes {
    let calm = (1.2 * record + 2).atLeast(rates.calmShare * thresholds).atMost(thresholds)
    let own = calm.atLeast(record + 0.6) / thresholds
    return square.atLeast(1).squareRoot() * (age < rates.calmFrom ? own.atLeast(1) : own)
  }

  /// Takes the newest deviates in and learns from those whose time has come.
  mutating func learn(
    _ results: WindowResults, at sample: Int, mayKeep: Bool, mayTeach: Bool, rates: LearningRates
  ) {
    let head = sample % past.count
    let forgotten = record * rates.recordDecay
    var oldest = Lanes()
    for lane in 0..<8 { oldest[lane] = Double(past[head][lane]) }
    let isTaught = (oldest .!= Double(Self.none)) .& (oldest .!= 0)
    if mayTeach, any(isTaught) {
      // Square roots in sixteenths keep small deviates exact to a few hundredths and reach to 62.
      let root = oldest / 16
      let deviate = root * root
      let known = square.atLeast(1)
      let learned =
        square
        + rates.scaleRate * ((deviate * deviate).atMost(9 * known) * 1.04 - square)
      square.replace(with: learned, where: isTaught)
      let size = (deviate / square.atLeast(1).squareRoot()).atMost(30)
      record = forgotten.replacing(with: forgotten.atLeast(size), where: isTaught)
    } else {
      record = forgotten
    }
    past[head] = mayKeep ? Self.narrow(results) : SIMD8(repeating: Self.none)
  }

  @inline(__always)
  private static func narrow(_ results: WindowResults) -> SIMD8<Int8> {
    let deviates = results.rawDeviate
    let roots = (deviates.magnitudes.squareRoot() * 16 + 0.5).atMost(127)
    let signed = roots.replacing(with: -roots, where: deviates .< 0)
    let kept = signed.replacing(with: Double(none), where: results.valid .== 0)
    var stored = SIMD8<Int8>()
    for lane in 0..<8 { stored[lane] = Int8(truncatingIfNeeded: Int(kept[lane])) }
    return stored
  }

  func encode(into writer: inout StateWriter) {
    for window in 0..<windows { writer.write(square[window]) }
    for window in 0..<windows { writer.write(record[window]) }
    for deviates in past {
      for window in 0..<windows { writer.write(deviates[window]) }
    }
  }

  mutating func decode(from reader: inout StateReader) throws(BaselineError) {
    for window in 0..<windows { square[window] = try reader.finite() }
    for window in 0..<windows { record[window] = try reader.finite() }
    for place in past.indices {
      for window in 0..<windows { past[place][window] = try reader.integer(Int8.self) }
    }
  }
}
