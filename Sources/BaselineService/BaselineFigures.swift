import ServiceRuntime

/// What the scans count for `/metrics`.
struct BaselineFigures: Sendable {
  /// What the time of a scan goes into; a closed set, for it is a label.
  enum ScanPart: String, Sendable, CaseIterable {
    /// The pass over all ranges that makes the rows of cohorts.
    case cohorts
    /// Reading which series there are, and their models.
    case models
    /// Reading points, and rows of cohorts.
    case points
    /// Advancing the models and making evidence.
    case fold
    /// Until the detector has answered: its tests, and the classifier's commit.
    case judge
    /// Storing models and progress.
    case commit
  }

  private let rows: Counter
  private let findings: Counter
  private let states: Counter
  private let reviews: Counter
  private let cohortBuckets: Counter
  private let scanSeconds: Counter

  init(_ registry: MetricsRegistry) {
    rows = registry.counter(
      "tidemark_baseline_series_total", help: "Series handed over, each bucket of each one.")
    findings = registry.counter(
      "tidemark_baseline_findings_total", help: "What the detector found in them.")
    states = registry.counter(
      "tidemark_baseline_states_total", help: "Models committed.")
    reviews = registry.counter(
      "tidemark_baseline_reviewed_series_total",
      help: "Series whose history was judged again, each time.")
    cohortBuckets = registry.counter(
      "tidemark_baseline_cohort_buckets_total", help: "Buckets of which cohort rows were stored.")
    scanSeconds = registry.counter(
      "tidemark_baseline_scan_seconds_total",
      help: "Where the time of scans goes, of ranges side by side the sum.", labels: ["part"])
  }

  func judged(rows count: Int, findings found: Int64) {
    rows.increment(by: Double(count))
    findings.increment(by: Double(found))
  }

  /// Counts what a part of a scan took, waiting included.
  ///
  /// - Parameters:
  ///   - part: What was done.
  ///   - begun: When it began, on the clock that never goes back.
  func spent(_ part: ScanPart, since begun: Double) {
    scanSeconds.increment(by: SystemTime.monotonicSeconds() - begun, part.rawValue)
  }

  func madeRows(of buckets: Int) { cohortBuckets.increment(by: Double(buckets)) }

  func reviewed(series count: Int) { reviews.increment(by: Double(count)) }

  func committed(series count: Int) { states.increment(by: Double(count)) }
}
