/// How zeros are spread over the slots of the week: a day on which hardly anything ever comes is the
/// season's shape, and its zeros say nothing of a habit.
struct SlotZeros: Sendable {
  /// What is left of a slot's weight after one week.
  private static let decay: Float = 0.9

  /// How unlikely a slot's zeros must be under the habit of the other slots, to be its own.
  private static let chance = 0.05

  /// Up to which share of its buckets a slot may have zeros beyond those its mean explains.
  private static let slack = 0.1

  // A lane a slot; the eighth is never used.
  private var zeros = SIMD8<Float>()
  private var values = SIMD8<Float>()
  private var weights = SIMD8<Float>()

  /// The slots whose zeros their own mean explains, a bit each.
  private var explained: UInt8 = 0

  /// The share of buckets that were zero beyond what the slots' own means explain.
  private(set) var surplus = 0.0

  /// Whether a zero in the slot is a value like any other.
  func isExplained(_ slot: Int) -> Bool { explained & (1 << UInt8(slot)) != 0 }

  /// Adds a bucket.
  mutating func learn(_ step: SeasonalStep) {
    let slot = step.slot
    let value = step.lightlyClipped.isFinite ? step.lightlyClipped : step.value
    zeros[slot] = Self.decay * zeros[slot] + (step.isZero ? 1 : 0)
    values[slot] = Self.decay * values[slot] + Float(min(max(value, 0), 1e30))
    weights[slot] = Self.decay * weights[slot] + 1
  }

  /// Holds the zeros of each slot against its own mean.
  ///
  /// - Parameter chanceOfZero: Of a bucket with that mean.
  mutating func settle(chanceOfZero: (_ mean: Double) -> Double) {
    let busy = weights.replacing(with: 0, where: values .<= 0)
    let all = weights.sum()
    guard all > 0 else { return }
    let busyWeight = Double(busy.sum())
    let busyZeros = Double(zeros.replacing(with: 0, where: values .<= 0).sum())
    let busyMean = busyWeight > 0 ? Double(values.sum()) / busyWeight : 0
    explained = 0
    var beyond = 0.0
    for slot in 0..<7 where weights[slot] > 0 {
      let (weight, zero) = (Double(weights[slot]), Double(zeros[slot]))
      let isBusy = busy[slot] > 0
      let otherWeight = busyWeight - (isBusy ? weight : 0)
      let others = otherWeight > 0 ? (busyZeros - (isBusy ? zero : 0)) / otherWeight : 0
      // A habit of the others may have brought a slot's zeros too, as long as there are few of them.
      let isOwn =
        others <= 0 || zero * naturalLogarithm(min(others, 1)) < naturalLogarithm(Self.chance)
      let chance = chanceOfZero(isOwn ? Double(values[slot]) / weight : busyMean)
      let surplus = zero - weight * chance
      beyond += surplus
      // A slot without zeros so far has none to explain: its first one may well be the habit's.
      if chance > Self.slack, surplus <= Self.slack * weight { explained |= 1 << UInt8(slot) }
    }
    surplus = beyond / Double(all)
  }

  func encode(into writer: inout StateWriter) {
    for column in [zeros, values, weights] {
      for slot in 0..<7 { writer.write(column[slot]) }
    }
    writer.write(explained)
    writer.write(surplus)
  }

  mutating func decode(from reader: inout StateReader) throws(BaselineError) {
    for slot in 0..<7 { zeros[slot] = try reader.float() }
    for slot in 0..<7 { values[slot] = try reader.float() }
    for slot in 0..<7 { weights[slot] = try reader.float() }
    explained = try reader.integer(UInt8.self)
    surplus = try reader.finite()
  }
}
