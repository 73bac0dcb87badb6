import SeriesModel

@testable import Alerting

extension Notice {
  static func fixture(
    revision: UInt32 = 1, kind: NoticeKind = .opened, severity: NoticeSeverity = .critical,
    intent: NoticeIntent = .risk, customer: String = "DataFlow Systems",
    granularity: Granularity = .day, durationBuckets: Int64 = 5, baseline: Double = 45_000,
    actual: Double = 15_000, summary: String = "67% drop in API calls", unit: String = "",
    cause: String = "Integration issue or migration", actions: [String] = ["contact_customer"]
  ) -> Notice {
    Notice(
      anomaly: AnomalyReference(high: 0x0123_4567_89ab_cdef, low: 0xfedc_ba98_7654_3210),
      revision: revision, kind: kind,
      customer: Customer(
        id: CustomerID(high: 1, low: 2), externalID: "c-81", name: customer, segment: "enterprise",
        region: "US", owner: "ada@example.org"),
      metric: "api_calls", metricName: "API calls", unit: unit, type: "drop", severity: severity,
      intent: intent, state: "open", start: Bucket(granularity, 15_744),
      durationBuckets: durationBuckets, baseline: baseline, actual: actual, summary: summary,
      possibleCause: cause, actions: actions, detectedUnixMicroseconds: 0,
      changedUnixMicroseconds: 0)
  }
}
