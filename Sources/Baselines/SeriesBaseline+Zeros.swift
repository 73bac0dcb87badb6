import SeriesModel

extension SeriesBaseline {
  /// Counts the run of zeros, and how often they come beside how often they should.
  mutating func learnZeros(_ step: BaselineStep) {
    guard !step.value.isNaN else { return }
    if step.isZero {
      zeroRun += 1
    } else if step.value > 0 {
      zeroRun = 0
    }
    // A long run is an event and not a habit.
    guard zeroRun < 10, step.level.isFinite, kind == .count || kind == .money else { return }
    let weight = min(zeroWeight, 60)
    let mean = max(step.mean, 0)
    let dispersion = max(step.dispersion, 0.02)
    let chance =
      kind == .money
      ? 0 : exponential(-naturalLogarithm(1 + dispersion * mean) / dispersion)
    expectedZeroShare = (expectedZeroShare * weight + min(chance, 1)) / (weight + 1)
    zeroShare = (zeroShare * weight + (step.isZero ? 1 : 0)) / (weight + 1)
    zeroWeight = min(zeroWeight + 1, 60)
  }

  /// Decides whether zeros are a habit of the series, apart from how much it does otherwise.
  ///
  /// Reports that come now and then look like a drop each time; taken as missing, they do not. It
  /// was worth more than any other rule when it was measured.
  mutating func settleHurdle(_ step: BaselineStep) {
    guard zeroWeight >= Double(min(20, parameters.settleFrom + 4)) else { return }
    let usual = level
    let surplus = zeroShare - (hurdle ? 0 : expectedZeroShare)
    let isCommon = surplus > (hurdle ? 0.05 : 0.10) && zeroShare > 0.12
    let isBusy = kind == .money || usual > 2
    let next = hurdle ? (isBusy ? isCommon : zeroShare > 0.05) : isCommon && isBusy
    if next, !hurdle {
      valueWeight /= max(1 - zeroShare + expectedZeroShare, 0.15)
      for slot in slotValue.indices {
        slotValue[slot] = 0
        slotLevel[slot] = 0
      }
      excess = 0.1 * excessWeight
      anchorBucket = step.bucket
    }
    hurdle = next
  }
}
