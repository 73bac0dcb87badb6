internal import ServiceRuntime

/// What the classifier counts.
struct ClassifierFigures: Sendable {
  private let series: Counter
  private let anomalies: Counter

  init(_ registry: MetricsRegistry) {
    series = registry.counter(
      "tidemark_classifier_series_total", help: "Judged series by what became of them.",
      labels: ["result"])
    anomalies = registry.counter(
      "tidemark_classifier_anomalies_total", help: "Anomalies by what happened to them.",
      labels: ["change"])
  }

  func count(_ summary: ClassifySummary, rows: Int) {
    series.increment(by: Double(Int64(rows) - summary.alreadyKnown), "new")
    series.increment(by: Double(summary.alreadyKnown), "known")
    anomalies.increment(by: Double(summary.opened), "opened")
    anomalies.increment(by: Double(summary.changed), "changed")
    anomalies.increment(by: Double(summary.resolved), "resolved")
  }

  func count(_ summary: ReviewSummary) {
    anomalies.increment(by: Double(summary.opened), "opened")
    anomalies.increment(by: Double(summary.changed), "changed")
    anomalies.increment(by: Double(summary.resolved), "resolved")
    anomalies.increment(by: Double(summary.withdrawn), "withdrawn")
  }
}
