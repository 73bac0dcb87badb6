/// How much each window's deviate varies when nothing is the matter, learned from the series' own
/// past: later than an event lasts, or a slow one would widen the scale that it is measured by.
struct WindowScales: Sendable {
  /// What has been learned so far; apart from the rest, which no one needs to hold for it.
  struct Known: Sendable {
    /// Mean square of the deviate.
    fileprivate(set) var square = Lanes(repeating: 1.5)

    /// The largest deviate in units of the scale, slowly forgotten.
    fileprivate(set) var record = Lanes()
  }

  private(set) var known = Known()

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

  /// Takes the newest deviates in and learns from those whose time has come.
  mutating func learn(
    _ results: WindowResults, at sample: Int, mayKeep: Bool, mayTeach: Bool, rates: LearningRates
  ) {
    let head = sample % past.count
    let forgotten = known.record * rates.recordDecay
    var oldest = Lanes()
    for lane in 0..<8 { oldest[lane] = Double(past[head][lane]) }
    let isTaught = (oldest .!= Double(Self.none)) .& (oldest .!= 0)
    if mayTeach, any(isTaught) {
      // Square roots in sixteenths keep small deviates exact to a few hundredths and reach to 62.
      let root = oldest / 16
      let deviate = root * root
      let square = known.square
      let seen = (deviate * deviate).atMost(9 * square.atLeast(1)) * 1.04
      let learned = square + rates.scaleRate * (seen - square)
      known.square.replace(with: learned, where: isTaught)
      let size = (deviate / known.square.atLeast(1).squareRoot()).atMost(30)
      known.record = forgotten.replacing(with: forgotten.atLeast(size), where: isTaught)
    } else {
      known.record = forgotten
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
    for window in 0..<windows { writer.write(known.square[window]) }
    for window in 0..<windows { writer.write(known.record[window]) }
    for deviates in past {
      for window in 0..<windows { writer.write(deviates[window]) }
    }
  }

  mutating func decode(from reader: inout StateReader) throws(BaselineError) {
    for window in 0..<windows { known.square[window] = try reader.finite() }
    for window in 0..<windows { known.record[window] = try reader.finite() }
    for place in past.indices {
      for window in 0..<windows { past[place][window] = try reader.integer(Int8.self) }
    }
  }
}

extension WindowScales.Known {
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
}
