import Baselines
import SeriesModel

/// Numbers that look random and are the same in every run.
struct SeededNumbers {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1 }

  mutating func word() -> UInt64 {
    state = state &+ 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return word ^ (word >> 31)
  }

  /// From 0 to 1.
  mutating func share() -> Double { Double(word() >> 11) * 0x1p-53 }

  /// Nearly normal, by the sum of twelve.
  mutating func normal() -> Double {
    var sum = -6.0
    for _ in 0..<12 { sum += share() }
    return sum
  }

  /// A count with that mean and Poisson's spread.
  mutating func count(mean: Double) -> Double {
    if mean > 30 { return max(0, (mean + mean.squareRoot() * normal()).rounded()) }
    let limit = exponential(-mean)
    var product = share()
    var count = 0.0
    while product > limit {
      count += 1
      product *= share()
    }
    return count
  }
}

/// A history of daily counts with a working week.
func workingWeek(days: Int, level: Double, seed: UInt64) -> [Double] {
  var numbers = SeededNumbers(seed)
  let profile = [1.2, 1.25, 1.3, 1.2, 1.1, 0.5, 0.45]
  return (0..<days).map { day in numbers.count(mean: level * profile[day % 7]) }
}

/// The evidence of a whole history, one batch a bucket; Monday 1970-01-05 comes first.
func evidence(
  of values: [Double], kind: MetricKind = .count, granularity: Granularity = .day,
  first: Int32 = 4
) -> [EvidenceBatch] {
  var model = SeriesBaseline(kind: kind, granularity: granularity)
  return values.enumerated().map { place, value in
    var batch = EvidenceBatch.fixture(
      bucket: Bucket(granularity, first + Int32(place)), kind: kind)
    _ = model.advance(
      to: batch.bucket.index, value: value, customerIndex: 0, metricIndex: 0, into: &batch)
    return batch
  }
}

extension EvidenceBatch {
  static func fixture(bucket: Bucket, kind: MetricKind = .count) -> EvidenceBatch {
    EvidenceBatch(
      runID: ScanRunID(high: 1, low: 2), bucket: bucket, revision: 1, ingestSequence: 9,
      modelVersion: ModelParameters.version,
      customers: [Customer(id: CustomerID(high: 0, low: 7), externalID: "acme")],
      metrics: [
        Metric(id: MetricID(3), name: "calls", granularity: bucket.granularity, kind: kind)
      ], windows: ModelParameters.parameters(for: bucket.granularity).windows)
  }
}
