import SeriesModel

extension SeasonalModel {
  /// Adds the columns of the last step to the row that was begun.
  func append(to batch: inout EvidenceBatch) {
    batch.append(recent.statistics)
    batch.observed.append(step.value)
    batch.expected.append(step.mean)
    batch.deviation.append(step.spread * noise.scale(step.calibration))
    batch.z.append(step.isUsed ? step.deviate : 0)
    for result in results {
      batch.windowSum.append(result.sum)
      batch.windowExpected.append(result.expected)
      batch.windowDeviation.append(result.deviation)
      batch.windowValid.append(UInt32(result.valid))
    }
    let back = granularity == .day ? 7 : granularity == .week ? 1 : 24
    let count = windows.observed.count
    batch.previousSeason.append(back < count ? windows.observed[count - 1 - back] : .nan)
    batch.zeroRun.append(UInt32(zeros.run))
    appendShapes(to: &batch)
    batch.ringObserved.append(contentsOf: windows.observed.suffix(EvidenceBatch.ringLength))
    for place in windows.level.indices.suffix(EvidenceBatch.ringLength) {
      batch.ringExpected.append(Double(windows.level[place]) * Double(windows.factor[place]))
    }
  }

  private func appendShapes(to batch: inout EvidenceBatch) {
    let isOld = age >= parameters.warmUp
    batch.drift.append(drift.value)
    batch.driftDeviation.append(drift.deviation)
    batch.seasonDistance.append(shape.distance)
    batch.seasonEffect.append(shape.effect)
    batch.silence.append(isOld && step.isZero ? zeros.surprise : 0)
    let mayStand = age > 60 && (!isAmount || step.mean >= 1.5)
    batch.tieRun.append(mayStand ? UInt32(ties.run) : 0)
    batch.tieSurprise.append(mayStand ? ties.surprise : 0)
    batch.capExcess.append(mayStand ? UInt32(max(ties.capExcess, 0)) : 0)
    batch.adoptionBuckets.append(UInt32(adoption.buckets))
    batch.adoptionUnits.append(adoption.units)
    batch.streamScore.append(0)
    batch.streamChange.append(.none)
    batch.streamLength.append(0)
  }
}
