internal import SeriesModel

/// How the chat shows anomalies.
public struct ChatStyle: Sendable, Hashable {
  /// Anomalies of one account before the rest is only counted.
  public var anomaliesPerAccountMax: Int
  /// Accounts before the rest is only counted.
  public var accountsMax: Int
  /// Whether good news shows its figures as well.
  public var showsFiguresOfPositives: Bool
  /// Whether the dates stand beside the duration.
  public var showsDates: Bool

  /// Sets the style; the defaults are the chat's own.
  public init(
    anomaliesPerAccountMax: Int = 3, accountsMax: Int = 50, showsFiguresOfPositives: Bool = false,
    showsDates: Bool = false
  ) {
    self.anomaliesPerAccountMax = max(1, anomaliesPerAccountMax)
    self.accountsMax = max(1, accountsMax)
    self.showsFiguresOfPositives = showsFiguresOfPositives
    self.showsDates = showsDates
  }
}

/// The chat's answer to "Are there any usage anomalies for my accounts?", without a newline at the
/// end.
///
/// One numbered entry an account, the worst first; accounts and anomalies of equal weight keep
/// the order in which they came.
public func renderChat(anomalies: [Anomaly], style: ChatStyle = ChatStyle()) -> String {
  guard !anomalies.isEmpty else { return "Anomalies Detected: none" }
  let accounts = accountsWorstFirst(anomalies)
  var lines = [
    "Anomalies Detected: \(countWords(Int64(accounts.count), "account"))", "",
  ]
  for (place, account) in accounts.prefix(style.accountsMax).enumerated() {
    lines += accountLines(account, number: place + 1, style: style)
  }
  if accounts.count > style.accountsMax {
    let hidden = Int64(accounts.count - style.accountsMax)
    lines.append("... and \(countWords(hidden, "more account"))")
  }
  lines += ["", "[View All Anomalies] [Adjust Sensitivity] [Export Report]"]
  return lines.joined(separator: "\n")
}

private func accountsWorstFirst(_ anomalies: [Anomaly]) -> [[Anomaly]] {
  var places: [CustomerID: Int] = [:]
  var accounts: [[Anomaly]] = []
  for anomaly in worstFirst(anomalies) {
    if let place = places[anomaly.customer.id] {
      accounts[place].append(anomaly)
    } else {
      places[anomaly.customer.id] = accounts.count
      accounts.append([anomaly])
    }
  }
  return accounts
}

/// Critical, warning, good news, information; otherwise as they came.
private func worstFirst(_ anomalies: [Anomaly]) -> [Anomaly] {
  func rank(_ anomaly: Anomaly) -> Int {
    if anomaly.intent == .opportunity { return 2 }
    switch anomaly.severity {
    case .critical: return 0
    case .warning: return 1
    case .info: return 3
    }
  }
  let ranked = anomalies.enumerated().map { (rank: rank($0.element), place: $0.offset) }
  return ranked.sorted { ($0.rank, $0.place) < ($1.rank, $1.place) }.map { anomalies[$0.place] }
}

private func accountLines(_ account: [Anomaly], number: Int, style: ChatStyle) -> [String] {
  let shown = account.prefix(style.anomaliesPerAccountMax)
  guard let worst = shown.first else { return [] }
  var lines = ["\(number). \(oneLine(worst.customerName)) - \(Wording.mark(worst))"]
  for anomaly in shown { lines += anomalyLines(anomaly, style: style) }
  if account.count > shown.count {
    lines.append("   - and \(account.count - shown.count) more of this account")
  }
  var buttons: [SuggestedAction] = []
  for action in shown.flatMap(\.actions) where !buttons.contains(action) { buttons.append(action) }
  if !buttons.isEmpty {
    lines.append("   " + buttons.map { "[\($0.label)]" }.joined(separator: " "))
  }
  return lines
}

/// A feature that is hardly used any more is told by what is left of it and by when that began.
private func abandonmentLines(_ anomaly: Anomaly, style: ChatStyle) -> [String] {
  let granularity = anomaly.metric.granularity
  let name = Wording.capitalized(Wording.metricPhrase(anomaly.metric))
  let left = anomaly.deviationPercent.map { "-\(Wording.percentWords($0)) usage" } ?? "less usage"
  var start = "\(durationWords(anomaly.durationBuckets, granularity)) ago"
  if style.showsDates {
    start += " (\(Bucket(granularity, anomaly.startBucket)), \(anomaly.state.name))"
  }
  return [
    "   - Anomaly: Feature abandonment detected",
    "   - \(name): \(left)",
    "   - Started: \(start)",
    "   - Possible Cause: \(oneLine(anomaly.possibleCause))",
  ]
}

private func anomalyLines(_ anomaly: Anomaly, style: ChatStyle) -> [String] {
  if anomaly.type == .abandonment, anomaly.actualValue > 0, anomaly.state.isActive,
    anomaly.reach.scope == .series
  {
    return abandonmentLines(anomaly, style: style)
  }
  let granularity = anomaly.metric.granularity
  var duration = durationWords(anomaly.durationBuckets, granularity)
  if style.showsDates {
    let first = Bucket(granularity, anomaly.startBucket)
    let last = Bucket(granularity, anomaly.endBucket)
    let days = first == last ? "\(first)" : "\(first) to \(last)"
    duration += " (\(days), \(anomaly.state.name))"
  }
  var lines = [
    "   - Anomaly: \(oneLine(anomaly.summary))",
    "   - Duration: \(duration)",
  ]
  if anomaly.intent != .opportunity || style.showsFiguresOfPositives {
    lines.append("   - Baseline: \(Wording.baselineLine(anomaly))")
  }
  lines.append("   - Possible Cause: \(oneLine(anomaly.possibleCause))")
  return lines
}
