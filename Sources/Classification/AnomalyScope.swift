public import SeriesModel

/// How much of the house an anomaly speaks of.
public enum AnomalyScope: Sendable, Hashable {
  /// One series.
  case series
  /// One customer as a whole.
  case customer
  /// All customers that are compared with each other; those of an empty name are all there are.
  case cohort(String)
}

/// Whether people hear of an anomaly itself.
public enum Standing: UInt8, Sendable, Hashable, CaseIterable {
  /// It speaks for itself.
  case own = 1
  /// It is part of what its customer went through as a whole.
  case joined = 2
  /// It is held back, because a platform event explains it.
  case held = 3
}

extension Metric {
  /// What stands in the place of a metric where all of a customer's are meant: shares of what is
  /// usual, under a number that the catalogue never gives.
  public static func everything(
    _ granularity: Granularity, polarity: Polarity = .upIsGood
  ) -> Metric {
    Metric(
      id: MetricID(.max), name: "all_metrics", granularity: granularity, kind: .gauge,
      polarity: polarity,
      unit: "% of usual", displayName: "All figures")
  }
}

extension Customer {
  /// What stands in the place of a customer where all of a cohort are meant.
  public static func everyone(in cohort: String) -> Customer {
    Customer(
      id: CustomerID(high: 0, low: 0), externalID: cohort.isEmpty ? "*" : "@\(cohort)",
      name: cohort.isEmpty ? "All customers" : "All customers of \(cohort)", segment: cohort)
  }
}
