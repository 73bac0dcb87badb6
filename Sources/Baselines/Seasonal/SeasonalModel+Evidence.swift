import SeriesModel

extension SeasonalModel {
  /// Adds the columns of the last step to the row that was begun.
  func append(to batch: inout EvidenceBatch, showsAll: Bool) {
    batch.observed.append(step.value)
    batch.expected.append(step.mean)
    batch.deviation.append(step.spread * noise.scale(step.calibration))
    batch.z.append(step.isUsed ? step.deviate : 0)
    if showsAll { appendDetail(to: &batch) }
  }

  private func appendDetail(to batch: inout EvidenceBatch) {
    batch.beginDetail()
    batch.append(recent.statistics)
    for place in parameters.windows.indices {
      batch.windowSum.append(results.sum[place])
      batch.windowExpected.append(results.expected[place])
      batch.windowDeviation.append(results.deviation[place])
      batch.windowValid.append(UInt32(results.valid[place]))
    }
    let back = granularity == .day ? 7 : granularity == .week ? 1 : 24
    batch.previousSeason.append(windows[back: back].observed)
    batch.zeroRun.append(UInt32(zeros.run))
    appendShapes(to: &batch)
    for bucket in windows.newestFirst(EvidenceBatch.ringLength).reversed() {
      batch.ringObserved.append(bucket.observed)
      batch.ringExpected.append(bucket.usual)
    }
  }

  private func appendShapes(to batch: inout EvidenceBatch) {
    batch.drift.append(drift.value)
    batch.driftDeviation.append(drift.deviation)
    batch.seasonDistance.append(shape.distance)
    batch.seasonEffect.append(shape.effect)
    batch.silence.append(silence)
    let mayStand = mayStand
    batch.tieRun.append(mayStand ? UInt32(ties.run) : 0)
    batch.tieSurprise.append(mayStand ? ties.surprise : 0)
    batch.capExcess.append(mayStand ? UInt32(max(ties.capExcess, 0)) : 0)
    batch.adoptionBuckets.append(UInt32(adoption.buckets))
    batch.adoptionUnits.append(adoption.units)
    batch.streamScore.append(0)
    batch.streamChange.append(.none)
    batch.streamLength.append(0)
  }

  /// Minus the log of the chance of the run of zeros, once it may be judged.
  private var silence: Double {
    age >= parameters.warmUp && step.isZero ? zeros.surprise : 0
  }

  /// Whether values that stand still may be judged.
  private var mayStand: Bool { age > 60 && (!isAmount || step.mean >= 1.5) }

  /// Whether some test may find something at a scale of the thresholds: a little before it does,
  /// so that nothing hangs on the last digit.
  func isNotable(scale: Double) -> Bool {
    let scale = scale * 0.98
    let gross = age < parameters.warmUp ? parameters.grossScale : 1
    let inflation = WindowRule.inflation(age: age, parameters.ageInflation) * gross * scale
    if any(results.deviate.magnitudes .> parameters.thresholds * inflation) { return true }
    let shapes = parameters.shapes
    return adoption.buckets > 0
      || shapes.silenceScore(silence, run: zeros.run, scale: scale) > 1
      || shapes.declineScore(drift.value, deviation: drift.deviation, scale: scale) > 1
      || shapes.seasonScore(shape.distance, effect: shape.effect, scale: scale) > 1
      || mayStand
        && shapes.plateauScore(
          ties.surprise, run: ties.run, capExcess: ties.capExcess, scale: scale) > 1
  }
}
