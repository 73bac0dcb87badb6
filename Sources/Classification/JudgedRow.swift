public import Baselines
public import Detection
public import SeriesModel

/// What the detector says of one series in one bucket, whether or not a test fired.
public struct JudgedRow: Sendable, Hashable {
  /// The bucket that was judged.
  public var bucket: Int32
  /// 1 at the close, higher after a correction; 0 is on arrival.
  public var revision: UInt32
  /// What is special about the row.
  public var flags: EvidenceFlags
  /// The value; NaN where missing.
  public var observed: Double
  /// What was normal; NaN before anything was learned.
  public var expected: Double
  /// Distance of the bucket alone, in deviations.
  public var z: Double
  /// What was found, or nil.
  public var finding: Finding?

  /// Gathers a row.
  public init(
    bucket: Int32, revision: UInt32 = 1, flags: EvidenceFlags = [], observed: Double,
    expected: Double, z: Double, finding: Finding? = nil
  ) {
    self.bucket = bucket
    self.revision = revision
    self.flags = flags
    self.observed = observed
    self.expected = expected
    self.z = z
    self.finding = finding
  }

  /// The row of a batch, with the finding that speaks of it.
  public init(_ batch: FindingsBatch, row: Int, finding: Finding?) {
    self.init(
      bucket: batch.bucket.index, revision: batch.revision, flags: batch.flags[row],
      observed: batch.observed[row], expected: batch.expected[row], z: batch.z[row],
      finding: finding)
  }

  /// Whether there is nothing to compare.
  var isMissing: Bool { flags.contains(.missing) || observed.isNaN }

  /// What was found in that direction, or nil.
  func finding(in direction: Direction) -> Finding? {
    guard let finding, AnomalyType(finding.kind).direction == direction else { return nil }
    return finding
  }
}

/// What merging needs to know of a metric.
public struct SeriesTraits: Sendable, Hashable {
  /// The length of its buckets.
  public var granularity: Granularity
  /// What its values are.
  public var kind: MetricKind
  /// Which way is good news.
  public var polarity: Polarity

  /// Takes them from the catalogue's entry.
  ///
  /// - Parameters:
  ///   - metric: The entry.
  ///   - kind: What its values are to be weighed as; nil takes the entry's own word.
  public init(_ metric: Metric, kind: MetricKind? = nil) {
    granularity = metric.granularity
    self.kind = kind ?? metric.kind
    polarity = metric.polarity
  }
}
