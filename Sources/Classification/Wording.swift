public import SeriesModel

/// The words that people read about anomalies.
public enum Wording {
  /// What changed: "67% drop in API calls", "12 times the usual cancelled departures at JFK",
  /// "API calls stopped: none for 6 days, 120/day usual", "40% drop in 5 of 7 metrics".
  public static func summary(
    type: AnomalyType, metric: Metric, actual: Double, baseline: Double,
    durationBuckets: Int64 = 1, reach: Reach = Reach()
  ) -> String {
    if reach.scope == .customer {
      return wholeCustomer(type, actual: actual, baseline: baseline, reach)
    }
    switch type {
    case .drop, .spike, .levelDown, .levelUp:
      return excursion(type, metric, actual: actual, baseline: baseline)
    case .gradualDecline, .seasonalChange, .abandonment, .plateau, .adoption, .growthStall,
      .mixShift, .platformOutage:
      return slowChange(
        type, metric, actual: actual, baseline: baseline,
        duration: durationWords(durationBuckets, metric.granularity))
    }
  }

  /// What a customer went through as a whole.
  private static func wholeCustomer(
    _ type: AnomalyType, actual: Double, baseline: Double, _ reach: Reach
  ) -> String {
    let share = "\(reach.memberCount) of \(countWords(Int64(reach.seriesCount), "metric"))"
    if type == .abandonment, actual < 0.05 * baseline { return "\(share) stopped" }
    let size = deviationPercent(actual: actual, baseline: baseline).map { percentWords($0) + " " }
    let slow = type == .gradualDecline ? "gradual " : ""
    return "\(slow)\(size ?? "")\(type.direction == .down ? "drop" : "increase") in \(share)"
  }

  /// More or less than usual.
  private static func excursion(
    _ type: AnomalyType, _ metric: Metric, actual: Double, baseline: Double
  ) -> String {
    let name = metricPhrase(metric)
    let noun = type.direction == .down ? "drop" : "increase"
    if let points = pointWords(metric, actual: actual, baseline: baseline) {
      let values = "from \(numberWords(baseline)) to \(numberWords(actual))"
      return "\(points) \(noun) in \(name), \(values)"
    }
    guard let percent = deviationPercent(actual: actual, baseline: baseline),
      isPercentageTelling(percent, metric, actual: actual, baseline: baseline)
    else {
      let start = baseline == 0 ? "none" : numberWords(baseline)
      return "\(noun) in \(name) from \(start) to \(valueWords(actual, metric))"
    }
    if percent >= 900 {
      return "\(numberWords((actual / baseline).rounded())) times the usual \(name)"
    }
    return "\(percentWords(percent)) \(noun) in \(name)"
  }

  /// What no single bucket shows.
  private static func slowChange(
    _ type: AnomalyType, _ metric: Metric, actual: Double, baseline: Double, duration: String
  ) -> String {
    let name = metricPhrase(metric)
    let percent = deviationPercent(actual: actual, baseline: baseline)
    switch type {
    case .gradualDecline:
      let size = percent.map { " of " + percentWords($0) } ?? ""
      return "gradual decline\(size) over \(duration) in \(name)"
    case .abandonment:
      let usual = "\(valueWords(baseline, metric)) usual"
      if actual == 0 { return "\(name) stopped: none for \(duration), \(usual)" }
      return "\(name) hardly used any more: \(valueWords(actual, metric)), \(usual)"
    case .adoption: return "started using \(name): \(valueWords(actual, metric))"
    case .seasonalChange: return "\(seasonWord(metric.granularity)) pattern of \(name) changed"
    case .plateau:
      return "\(name) stuck at \(numberWords(actual)) for \(duration) (possible cap)"
    case .growthStall: return "growth of \(name) has stalled at \(valueWords(actual, metric))"
    case .mixShift: return "mix of \(name) changed"
    case .drop, .spike, .levelDown, .levelUp, .platformOutage:
      let size = percent.map { percentWords($0) + " " } ?? ""
      return "platform event: \(size)drop in all figures"
    }
  }

  /// The season whose shape a metric of these buckets has.
  private static func seasonWord(_ granularity: Granularity) -> String {
    switch granularity {
    case .fiveMinutes: "daily"
    case .hour, .day: "weekly"
    case .week: "yearly"
    }
  }

  /// Whether a percentage says more than the values do: not for values below 0, not for hardly
  /// anything to begin with, and for levels only up to five-fold.
  private static func isPercentageTelling(
    _ percent: Double, _ metric: Metric, actual: Double, baseline: Double
  ) -> Bool {
    guard baseline > 0, actual >= 0 else { return false }
    switch metric.kind {
    case .count: return percent < 900 || baseline >= 0.5
    case .money: return true
    case .gauge, .ratio: return percent < 400
    }
  }

  /// A percentage without its sign; one that would round to 0 or, short of it, to 100 says so.
  static func percentWords(_ percent: Double) -> String {
    let size = percent.magnitude
    if size < 0.5 { return "under 1%" }
    if percent > -100, percent < 0, size >= 99.5 { return "over 99%" }
    return numberWords(size.rounded()) + "%"
  }

  /// What people call a metric inside a sentence, with its dimensions: "cancelled departures at
  /// JFK".
  public static func metricPhrase(_ metric: Metric) -> String {
    let name = oneLine(metric.displayName.isEmpty ? spaced(metric.name) : metric.displayName)
    let places = metric.dimensions.map(dimensionPhrase)
    return ([lowercasedStart(name)] + places).joined(separator: " ")
  }

  /// Names of dimensions whose values are places.
  private static let placeNames: Set<String> = [
    "airport", "branch", "city", "country", "location", "origin", "plant", "region", "site",
    "store", "warehouse",
  ]

  private static func dimensionPhrase(_ dimension: Dimension) -> String {
    let value = oneLine(dimension.value)
    if placeNames.contains(dimension.name) { return "at \(value)" }
    return "for \(spaced(dimension.name)) \(value)"
  }

  /// What is usual beside what was seen: "45,000/day -> Actual: 15,000/day".
  public static func baselineLine(_ anomaly: Anomaly) -> String {
    let metric = anomaly.metric
    let baseline = valueWords(anomaly.baselineValue, metric)
    return "\(baseline) -> Actual: \(valueWords(anomaly.actualValue, metric))"
  }

  /// A value as people read it: counts and money a bucket, levels with their unit.
  public static func valueWords(_ value: Double, _ metric: Metric) -> String {
    SeriesModel.valueWords(value, metric.kind, unit: metric.unit, metric.granularity)
  }

  /// The mark of an anomaly: good news has one of its own.
  public static func mark(_ anomaly: Anomaly) -> String {
    switch (anomaly.intent, anomaly.severity) {
    case (.opportunity, _): "Positive"
    case (_, .critical): "Critical"
    case (_, .warning): "Warning"
    case (_, .info): "Info"
    }
  }

  private static func spaced(_ name: String) -> String {
    String(name.map { $0 == "_" ? " " : $0 })
  }

  /// Lower case at the start, unless the first word is written with further capitals ("API").
  static func lowercasedStart(_ name: String) -> String {
    let first = name.prefix { $0 != " " }
    if first.dropFirst().contains(where: \.isUppercase) || first.count == 1 { return name }
    return name.prefix(1).lowercased() + name.dropFirst()
  }

  /// Upper case at the start.
  static func capitalized(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst()
  }
}
