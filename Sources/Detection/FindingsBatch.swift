public import Baselines
public import SeriesModel

/// Every series judged in one bucket: columns for all, findings for those in which a test fired.
public struct FindingsBatch: Sendable, Hashable {
  /// The scan run that asked.
  public var runID: ScanRunID
  /// The bucket that was judged, the same for all rows.
  public var bucket: Bucket
  /// 1 at the close, higher after a correction; 0 is on arrival.
  public var revision: UInt32
  /// The version of the formulas that made the rows.
  public var modelVersion: String
  /// False for history that nobody is to hear of.
  public var notify: Bool
  /// Whom the rows speak of, by ``customerIndex``.
  public var customers: [Customer]
  /// What the rows speak of, by ``metricIndex``.
  public var metrics: [Metric]
  /// What the bucket did to each cohort whose members are present, and to all.
  public var cohorts: [CohortRow] = []

  /// Place in ``customers``, a row a series judged.
  public var customerIndex: [UInt32] = []
  /// Place in ``metrics``.
  public var metricIndex: [UInt32] = []
  /// What is special about the row.
  public var flags: [EvidenceFlags] = []
  /// The value; NaN where missing.
  public var observed: [Double] = []
  /// What was normal; NaN before anything was learned.
  public var expected: [Double] = []
  /// Distance of the bucket alone, in deviations.
  public var z: [Double] = []
  /// Of the row and the settings it was judged with.
  public var evidenceHash: [UInt64] = []

  /// What was found, by rising row.
  public var findings: [Finding] = []

  /// All that judging the rows with findings again needs; nil where nothing was found, or where it
  /// was left out.
  public var inputs: EvidenceBatch?

  /// Opens a batch without rows.
  public init(
    runID: ScanRunID, bucket: Bucket, revision: UInt32, modelVersion: String, notify: Bool,
    customers: [Customer] = [], metrics: [Metric] = []
  ) {
    self.runID = runID
    self.bucket = bucket
    self.revision = revision
    self.modelVersion = modelVersion
    self.notify = notify
    self.customers = customers
    self.metrics = metrics
  }

  /// How many series were judged.
  public var count: Int { customerIndex.count }

  /// The series that a row speaks of.
  public func series(ofRow row: Int) -> SeriesKey {
    SeriesKey(customers[Int(customerIndex[row])].id, metrics[Int(metricIndex[row])].id)
  }
}
