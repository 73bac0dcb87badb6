/// Runs of zeros, and whether zeros are a habit of the series apart from how much it does otherwise.
///
/// Reports that come now and then look like a drop each time; taken as missing, they do not. It was
/// worth more than any other rule when it was measured.
struct ZeroHabit: Sendable {
  /// Whether zeros count as missing.
  private(set) var isHabit = false

  /// Zeros in a row, the newest bucket among them.
  private(set) var run = 0

  /// Minus the log of the chance of the run.
  private(set) var surprise = 0.0

  /// Of daily counts, whose week may have days on which nothing ever comes.
  private var slots = SlotZeros()

  private var share = 0.0
  private var expectedShare = 0.0
  private var weight = 0.0

  /// Whether zeros count as missing in that slot: those that its own mean explains do not.
  func isMissing(_ slot: Int) -> Bool { isHabit && !slots.isExplained(slot) }

  /// Whether so long a run of zeros is nothing new where zeros are common.
  ///
  /// A run that chance would bring less than once in 150,000 buckets is no longer usual: then zeros
  /// are values again and the windows see them.
  var isUsual: Bool {
    -naturalLogarithm(min(max(share, expectedShare, 0.05), 0.98)) * Double(run + 1) < 11.9
  }

  /// Begins anew where nothing is the new normal.
  mutating func forget() {
    run = 0
    surprise = 0
  }

  /// Counts the run.
  mutating func measure(_ step: SeasonalStep, halved: Bool) {
    guard !step.value.isNaN else { return }
    guard step.isZero else {
      run = 0
      surprise = 0
      return
    }
    guard step.isOrdinary, step.level.isFinite else { return }
    run += 1
    let own = (share * weight + 1) / (weight + 3) * 0.9
    let chance = min(max(Self.chance(of: step), own), 0.999)
    surprise -= naturalLogarithm(max(chance, halved ? 1e-3 : 1e-4)) * (halved ? 0.5 : 1)
  }

  /// The chance of a zero under the negative binomial; none where it is below one in ten thousand
  /// for certain, as in most series.
  private static func chance(mean: Double, dispersion: Double) -> Double {
    let dispersion = max(dispersion, 0.02)
    if mean > 60, dispersion < 0.3 { return 0 }
    return exponential(-naturalLogarithm(1 + dispersion * max(mean, 0)) / dispersion)
  }

  private static func chance(of step: SeasonalStep) -> Double {
    chance(mean: step.mean, dispersion: step.dispersion)
  }

  /// Learns how common zeros are, beside how common they should be.
  mutating func learn(_ step: SeasonalStep, isMoney: Bool, isSilent: Bool, hasWeek: Bool) {
    // A long run is an event and not a habit.
    guard !step.value.isNaN, step.isOrdinary, step.level.isFinite, run < 10, !isSilent else {
      return
    }
    let known = min(weight, 60)
    let chance = isMoney ? 0 : min(Self.chance(of: step), 1)
    expectedShare = (expectedShare * known + chance) / (known + 1)
    share = (share * known + (step.isZero ? 1 : 0)) / (known + 1)
    weight = min(weight + 1, 60)
    guard hasWeek, !isMoney else { return }
    slots.learn(step)
    // Once a week, and where it may turn out to be a habit.
    guard share > Self.leastShare, step.slot == 0 || step.isZero else { return }
    slots.settle { Self.chance(mean: $0, dispersion: step.dispersion) }
  }

  /// The least share of zeros that may be a habit.
  private static let leastShare = 0.12

  /// Decides whether zeros are a habit.
  ///
  /// - Returns: By how much the level was too low while zeros counted as values, when they have
  ///   just become a habit; else nil.
  mutating func settle(mean: Double, isMoney: Bool, hasWeek: Bool) -> Double? {
    guard weight >= 20 else { return nil }
    let surplus = share - (isHabit ? 0 : expectedShare)
    let least = isHabit ? 0.05 : 0.10
    let isCommon =
      surplus > least && share > Self.leastShare && (isMoney || !hasWeek || slots.surplus > least)
    let isBusy = isMoney || mean > 2
    let next = isHabit ? (isCommon && isBusy || !isBusy && share > 0.05) : isCommon && isBusy
    let hasBegun = next && !isHabit
    isHabit = next
    return hasBegun ? max(1 - share + expectedShare, 0.15) : nil
  }

  func encode(into writer: inout StateWriter, hasWeek: Bool) {
    writer.write(UInt8(isHabit ? 1 : 0))
    writer.write(Int32(clamping: run))
    for number in [surprise, share, expectedShare, weight] { writer.write(number) }
    if hasWeek { slots.encode(into: &writer) }
  }

  mutating func decode(
    from reader: inout StateReader, hasWeek: Bool
  ) throws(BaselineError) {
    isHabit = try reader.integer(UInt8.self) == 1
    run = Int(try reader.integer(Int32.self))
    guard run >= 0 else { throw BaselineError(.damaged, "a run below zero") }
    surprise = try reader.finite()
    share = try reader.finite()
    expectedShare = try reader.finite()
    weight = try reader.finite()
    if hasWeek { try slots.decode(from: &reader) }
  }
}

extension ShapeRules {
  /// How much less likely a run of zeros is than silence needs, 1 or more when it is silence.
  public func silenceScore(_ surprise: Double, run: Int, scale: Double) -> Double {
    run >= silenceRun ? surprise / (silence * scale) : 0
  }

  /// Whether something that nobody used is used now.
  public func isAdoption(buckets: Int, units: Double) -> Bool {
    buckets >= adoptionBuckets && units >= adoptionUnits
  }
}
