import ServiceRuntime

/// What the scans count for `/metrics`.
struct BaselineFigures: Sendable {
  private let rows: Counter
  private let findings: Counter
  private let states: Counter
  private let cohortBuckets: Counter

  init(_ registry: MetricsRegistry) {
    rows = registry.counter(
      "tidemark_baseline_series_total", help: "Series handed over, each bucket of each one.")
    findings = registry.counter(
      "tidemark_baseline_findings_total", help: "What the detector found in them.")
    states = registry.counter(
      "tidemark_baseline_states_total", help: "Models committed.")
    cohortBuckets = registry.counter(
      "tidemark_baseline_cohort_buckets_total", help: "Buckets of which cohort rows were stored.")
  }

  func judged(rows count: Int, findings found: Int64) {
    rows.increment(by: Double(count))
    findings.increment(by: Double(found))
  }

  func madeRows(of buckets: Int) { cohortBuckets.increment(by: Double(buckets)) }

  func committed(series count: Int) { states.increment(by: Double(count)) }
}
