import Baselines
import SeriesModel

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
