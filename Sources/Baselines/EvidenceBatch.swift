public import SeriesModel

/// The identity of a scan run: a UUID as two words.
public struct ScanRunID: Sendable, Hashable {
  /// The first eight bytes, big-endian.
  public let high: UInt64

  /// The last eight bytes, big-endian.
  public let low: UInt64

  /// Joins two words.
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }
}

/// What was seen in one bucket, beside what was normal: a row a series, as columns.
///
/// A scan judges millions of rows, so the columns are plain arrays that are filled row by row and
/// travel as they are; ``subscript(_:)`` shows one row by name. Every row shows its newest bucket;
/// what more there is to judge stands in columns that have an entry for the rows in ``detailed``
/// alone.
public struct EvidenceBatch: Sendable, Hashable {
  /// How many buckets of the past each row shows.
  public static let ringLength = 21

  /// The scan run that asked.
  public var runID: ScanRunID
  /// The bucket that was judged, the same for all rows.
  public var bucket: Bucket
  /// 1 at the close, higher after a correction; 0 is on arrival.
  public var revision: UInt32
  /// The points are those of this sequence of ingest.
  public var ingestSequence: Int64
  /// The version of the formulas that made the rows.
  public var modelVersion: String
  /// Whom the rows speak of, by ``customerIndex``.
  public var customers: [Customer]
  /// What the rows speak of, by ``metricIndex``.
  public var metrics: [Metric]
  /// The settings of every scope that is present.
  public var sensitivity: [SensitivityRule]
  /// The static rules of every scope that is present.
  public var rules: [StaticRule] = []
  /// The lengths of the windows, in buckets, shortest first.
  public var windows: [Int]
  /// What the bucket did to each cohort whose members are present, and to all.
  public var cohorts: [CohortRow] = []

  /// Place in ``customers``.
  public var customerIndex: [UInt32] = []
  /// Place in ``metrics``.
  public var metricIndex: [UInt32] = []
  /// What is special about the row.
  public var flags: [EvidenceFlags] = []
  /// Buckets learned from.
  public var age: [UInt32] = []
  /// The value; NaN where missing.
  public var observed: [Double] = []
  /// What was normal; NaN before anything was learned.
  public var expected: [Double] = []
  /// One standard deviation of the observation around what is normal.
  public var deviation: [Double] = []
  /// Distance of the bucket alone, in deviations; 0 where there is none.
  public var z: [Double] = []
  /// Of the points and the state that the row was made from.
  public var inputHash: [UInt64] = []

  /// The rows that show more than their newest bucket, rising; nothing can be found in the others.
  public private(set) var detailed: [UInt32] = []

  /// Detailed rows × windows: the sum of the values.
  public var windowSum: [Double] = []
  /// Detailed rows × windows: the sum that the level before the window leads one to expect.
  public var windowExpected: [Double] = []
  /// Detailed rows × windows: one standard deviation of the sum.
  public var windowDeviation: [Double] = []
  /// Detailed rows × windows: buckets with a value; 0 where the window may not be judged.
  public var windowValid: [UInt32] = []
  /// Mean of the last 56 values before this one.
  public var mean: [Double] = []
  /// Standard deviation of these values, with n − 1.
  public var standardDeviation: [Double] = []
  /// Median of these values.
  public var median: [Double] = []
  /// Median of their distances from the median.
  public var medianAbsoluteDeviation: [Double] = []
  /// First quartile, linearly interpolated.
  public var lowerQuartile: [Double] = []
  /// Third quartile, linearly interpolated.
  public var upperQuartile: [Double] = []
  /// The value one season before; NaN where missing.
  public var previousSeason: [Double] = []
  /// Buckets in a row at zero, this one among them.
  public var zeroRun: [UInt32] = []
  /// Drift of the level over weeks, as a log ratio beyond the cohort's and the series' own trend.
  public var drift: [Double] = []
  /// One standard deviation of the drift; 0 where it may not be judged.
  public var driftDeviation: [Double] = []
  /// Distance of the last weeks from the season's earlier shape, in units of the series' own past;
  /// 0 where it may not be judged.
  public var seasonDistance: [Double] = []
  /// Mean change of a slot of the season, as a log ratio.
  public var seasonEffect: [Double] = []
  /// Minus the log of the chance of the run of zeros.
  public var silence: [Double] = []
  /// Minus the log of the chance that the customer goes on with at least half of what it did; 0
  /// where it may not be judged.
  public var risk: [Double] = []
  /// Equal values in a row, beyond the first.
  public var tieRun: [UInt32] = []
  /// Minus the log of the chance of the equal values.
  public var tieSurprise: [Double] = []
  /// How many more of the last buckets stand at their highest than ever before.
  public var capExcess: [UInt32] = []
  /// Active buckets of the last seven where hardly anything came before; 0 otherwise.
  public var adoptionBuckets: [UInt32] = []
  /// What came in them.
  public var adoptionUnits: [Double] = []
  /// By how much a stream goes beyond its records, as a logarithm; 0 where nothing is news.
  public var streamScore: [Double] = []
  /// In what way it does.
  public var streamChange: [StreamChange] = []
  /// In how many newest values that shows most.
  public var streamLength: [UInt32] = []
  /// Detailed rows × 21: the last values, oldest first; NaN where missing.
  public var ringObserved: [Double] = []
  /// Detailed rows × 21: what was normal for them.
  public var ringExpected: [Double] = []

  /// Opens a batch without rows.
  public init(
    runID: ScanRunID, bucket: Bucket, revision: UInt32, ingestSequence: Int64,
    modelVersion: String, customers: [Customer] = [], metrics: [Metric] = [],
    sensitivity: [SensitivityRule] = [], windows: [Int]
  ) {
    self.runID = runID
    self.bucket = bucket
    self.revision = revision
    self.ingestSequence = ingestSequence
    self.modelVersion = modelVersion
    self.customers = customers
    self.metrics = metrics
    self.sensitivity = sensitivity
    self.windows = windows
  }

  /// How many rows there are.
  public var count: Int { customerIndex.count }

  /// Makes room for rows, so that filling their columns moves nothing.
  public mutating func reserveCapacity(_ rows: Int) {
    customerIndex.reserveCapacity(rows)
    metricIndex.reserveCapacity(rows)
    flags.reserveCapacity(rows)
    age.reserveCapacity(rows)
    observed.reserveCapacity(rows)
    expected.reserveCapacity(rows)
    deviation.reserveCapacity(rows)
    z.reserveCapacity(rows)
    inputHash.reserveCapacity(rows)
  }

  /// Has the last row show all that there is to judge; the columns of that come next.
  mutating func beginDetail() { detailed.append(UInt32(customerIndex.count - 1)) }

  /// Says of which rows the columns of detail hold an entry each.
  ///
  /// - Precondition: The rows rise and are rows of the batch.
  public mutating func setDetailed(_ rows: [UInt32]) {
    precondition(
      zip(rows, rows.dropFirst()).allSatisfy(<) && rows.allSatisfy { $0 < count },
      "rows out of order")
    detailed = rows
  }

  /// The place of a row in the columns of detail; nil where it has none.
  public func detail(of row: Int) -> Int? {
    var low = 0
    var high = detailed.count
    while low < high {
      let middle = (low + high) / 2
      if detailed[middle] < row { low = middle + 1 } else { high = middle }
    }
    return low < detailed.count && detailed[low] == row ? low : nil
  }

  mutating func append(_ statistics: RecentStatistics) {
    mean.append(statistics.mean)
    standardDeviation.append(statistics.standardDeviation)
    median.append(statistics.median)
    medianAbsoluteDeviation.append(statistics.medianAbsoluteDeviation)
    lowerQuartile.append(statistics.lowerQuartile)
    upperQuartile.append(statistics.upperQuartile)
  }
}
