/// Equal values in a row, and values that stand at their highest.
struct TieTest: Sendable {
  /// Equal values in a row, beyond the first.
  private(set) var run = 0

  /// Minus the log of the chance of the run.
  private(set) var surprise = 0.0

  /// How many more of the last fourteen buckets stand at their highest than ever before.
  private(set) var capExcess = 0

  private var last = Double.nan
  /// How often a value equals the one before.
  private var share = 0.125
  private var mostTies = 0
  private var fired: Int?

  mutating func measure(_ step: SeasonalStep, _ seen: WindowHistory, at now: Int, isCapped: Bool) {
    guard step.isUsed, step.value > 0 else {
      if !step.value.isNaN {
        run = 0
        last = step.value
      }
      surprise = 0
      capExcess = 0
      return
    }
    let isEqual = step.value == last
    run = isEqual ? run + 1 : 0
    let chance = min(max(share, 0.004), 0.995)
    surprise = run == 0 ? 0 : -Double(run) * naturalLogarithm(chance)
    let isOpen = fired.map { now - $0 < 21 } ?? false
    capExcess = 0
    if isCapped { countTies(seen, isOpen: isOpen) }
    if !isOpen { share += 0.02 * ((isEqual ? 1 : 0) - share) }
    last = step.value
  }

  private mutating func countTies(_ buckets: WindowHistory, isOpen: Bool) {
    var highest = 0.0
    var ties = 0
    buckets.walkBack(14) { _, bucket in
      if bucket.observed >= highest {
        ties = bucket.observed == highest ? ties + 1 : 1
        highest = bucket.observed
      }
      return true
    }
    if ties >= 5, highest >= 10 { capExcess = ties - mostTies }
    if !isOpen { mostTies = max(mostTies, ties) }
  }

  /// Notes that the values were found to stand still.
  mutating func note(at now: Int) { fired = now }

  func encode(into writer: inout StateWriter) {
    writer.write(Int32(clamping: run))
    writer.write(Int32(clamping: mostTies))
    writer.write(step: fired)
    for number in [last, share] { writer.write(number) }
  }

  mutating func decode(from reader: inout StateReader) throws(BaselineError) {
    run = Int(try reader.integer(Int32.self))
    mostTies = Int(try reader.integer(Int32.self))
    fired = try reader.step()
    last = try reader.double()
    share = try reader.finite()
  }
}

extension ShapeRules {
  /// How much less likely equal values in a row are than a plateau needs, 1 or more when it is one.
  public func plateauScore(
    _ surprise: Double, run: Int, capExcess excess: Int, scale: Double
  ) -> Double {
    let tied = run >= plateauRun ? surprise / (plateau * scale) : 0
    let capped = capExcess != .max ? Double(excess) / (Double(capExcess) * scale) : 0
    return max(tied, capped)
  }
}
