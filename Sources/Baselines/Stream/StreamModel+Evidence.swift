import SeriesModel

extension StreamModel {
  /// Adds the columns of the last value to the row that was begun.
  func append(to batch: inout EvidenceBatch, showsAll: Bool) {
    guard let evidence else { preconditionFailure("nothing was measured") }
    batch.observed.append(evidence.observed)
    batch.expected.append(evidence.expected)
    batch.deviation.append(evidence.deviation)
    let distance = evidence.observed - evidence.expected
    // Deviations without number say no more than very many.
    let z = evidence.deviation > 0 ? distance / evidence.deviation : 0
    batch.z.append(min(max(z, -1e9), 1e9))
    guard showsAll else { return }
    batch.beginDetail()
    for _ in batch.windows {
      batch.windowSum.append(0)
      batch.windowExpected.append(0)
      batch.windowDeviation.append(0)
      batch.windowValid.append(0)
    }
    batch.streamScore.append(evidence.score)
    batch.streamChange.append(evidence.change)
    batch.streamLength.append(UInt32(evidence.length))
    // Only beside something that is told: they cost a sort.
    let isTold = evidence.score > 0
    let before = values.dropLast().suffix(RecentValues.capacity)
    batch.append(isTold ? RecentValues(Array(before)).statistics : RecentStatistics())
    batch.previousSeason.append(.nan)
    batch.zeroRun.append(UInt32(values.reversed().prefix { $0 == 0 }.count))
    appendNoShapes(to: &batch)
    ringObserved.forEachOldestFirst { batch.ringObserved.append($0) }
    ringExpected.forEachOldestFirst { batch.ringExpected.append($0) }
  }

  /// Whether the last value goes beyond the stream's records at a scale of the threshold.
  func isNotable(scale: Double) -> Bool {
    guard let evidence else { return false }
    return evidence.score > StreamParameters.standard.threshold * scale * 0.98
  }

  /// The shapes of daily series say nothing of streams.
  private func appendNoShapes(to batch: inout EvidenceBatch) {
    batch.drift.append(0)
    batch.driftDeviation.append(0)
    batch.seasonDistance.append(0)
    batch.seasonEffect.append(0)
    batch.silence.append(0)
    batch.tieRun.append(0)
    batch.tieSurprise.append(0)
    batch.capExcess.append(0)
    batch.adoptionBuckets.append(0)
    batch.adoptionUnits.append(0)
  }

  /// What is usual for the value after the last one.
  func summary(after lastBucket: Int32) -> BaselineSummary? {
    guard age > 0 else { return nil }
    // Holds 95 of 100 values of a normal distribution.
    let reach = 1.959_963_984_540_054 * usual.deviation
    let recent = RecentValues(Array(values.suffix(RecentValues.capacity)))
    return BaselineSummary(
      granularity: .fiveMinutes, lastBucket: lastBucket, level: usual.median, profile: [1],
      lower: usual.median - reach, expected: usual.median, upper: usual.median + reach,
      coverage: 0.95, sampleSize: age, needed: parameters.warmUp, recent: recent.statistics,
      window: recent.count, method: "median and spread of the last hours")
  }
}
