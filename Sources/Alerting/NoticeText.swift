internal import SeriesModel

/// A notice in words that a customer success manager understands.
public struct NoticeText: Sendable, Hashable {
  /// One named fact.
  public struct Fact: Sendable, Hashable {
    /// Such as "Duration".
    public let name: String
    /// Such as "5 days".
    public let value: String
  }

  /// One line: "[Critical] DataFlow Systems: 67% drop in API calls".
  public let subject: String

  /// One sentence that says it all.
  public let sentence: String

  /// The rest, in the order to be read.
  public let facts: [Fact]

  /// What to do next, in words.
  public let nextActions: [String]

  /// Where to look further; nil where no address is known.
  public let link: String?

  /// Puts a notice into words.
  ///
  /// - Parameters:
  ///   - notice: What happened.
  ///   - publicURL: The address of the gateway as people reach it; nil leaves the link out.
  ///   - templates: The words, where they are others than those shipped.
  public init(
    _ notice: Notice, publicURL: String?, templates: MessageTemplates = .shipped
  ) {
    let name = oneLine(notice.customer.name)
    let who = name.isEmpty ? oneLine(notice.customer.externalID) : name
    let metric = oneLine(notice.metricName)
    let summary = oneLine(notice.summary)
    let what = summary.isEmpty ? "\(notice.type) in \(metric)" : summary
    let shippedSubject = "[\(Self.mark(notice))] \(who): \(what)"
    let duration = durationWords(notice.durationBuckets, notice.granularity)
    let since = Self.moment(notice.start)
    let shippedSentence: String
    switch notice.kind {
    case .opened, .changed, .reopened:
      shippedSentence = "\(who): \(what), for \(duration) so far, since \(since)."
    case .resolved:
      shippedSentence = "\(who) is back to normal: \(what) is over after \(duration)."
    case .dismissed:
      shippedSentence = "\(who): \(what) was dismissed by a colleague."
    case .withdrawn:
      shippedSentence = "\(who): \(what) was withdrawn, because later figures do not bear it out."
    }
    let baseline = valueWords(
      notice.baseline, notice.metricKind, unit: notice.unit, notice.granularity)
    let actual = valueWords(notice.actual, notice.metricKind, unit: notice.unit, notice.granularity)
    let values: (MessageTemplate.Place) -> String = { place in
      switch place {
      case .customer: who
      case .customerID: notice.customer.externalID
      case .segment: notice.customer.segment
      case .region: notice.customer.region
      case .owner: notice.customer.owner
      case .metric: metric
      case .type: notice.type.split(separator: "_").joined(separator: " ")
      case .severity: notice.severity.name
      case .intent: notice.intent.rawValue.split(separator: "_").joined(separator: " ")
      case .state: notice.state
      case .what: what
      case .baseline: baseline
      case .actual: actual
      case .change: Self.change(notice)
      case .duration: duration
      case .since: since
      case .cause: notice.possibleCause
      case .mark: Self.mark(notice)
      }
    }
    subject = templates.subject(of: notice)?.filled(values) ?? shippedSubject
    sentence = templates.sentence(of: notice)?.filled(values) ?? shippedSentence
    var facts = [
      Fact(name: "Metric", value: metric),
      Fact(name: "Baseline -> Actual", value: "\(baseline) -> \(actual)"),
      Fact(name: "Duration", value: duration), Fact(name: "Started", value: since),
    ]
    if !notice.possibleCause.isEmpty {
      facts.append(Fact(name: "Possible cause", value: oneLine(notice.possibleCause)))
    }
    if !notice.customer.segment.isEmpty {
      facts.append(Fact(name: "Segment", value: oneLine(notice.customer.segment)))
    }
    if !notice.customer.owner.isEmpty {
      facts.append(Fact(name: "Owner", value: oneLine(notice.customer.owner)))
    }
    self.facts = facts
    nextActions =
      notice.kind.isEnd ? [] : notice.actions.map { templates.actions[$0] ?? Self.action($0) }
    link = publicURL.map { base in
      let root = base.hasSuffix("/") ? String(base.dropLast()) : base
      let id = CustomerText.uuid(notice.customer.id)
      return "\(root)/api/customers/\(id)/usage/anomalies"
    }
  }

  private static func mark(_ notice: Notice) -> String {
    switch notice.kind {
    case .resolved: return "Resolved"
    case .dismissed: return "Dismissed"
    case .withdrawn: return "Withdrawn"
    case .opened, .changed, .reopened: break
    }
    if notice.intent == .opportunity { return "Positive" }
    return switch notice.severity {
    case .info: "Info"
    case .warning: "Warning"
    case .critical: "Critical"
    }
  }

  /// The change in percent, such as "-67 %"; the difference where the baseline is zero.
  private static func change(_ notice: Notice) -> String {
    let difference = notice.actual - notice.baseline
    let sign = difference < 0 ? "-" : "+"
    let size = notice.magnitude * (notice.baseline == 0 ? 1 : 100)
    return "\(sign)\(Int(min(size.rounded(), 999_999)))\(notice.baseline == 0 ? "" : " %")"
  }

  private static func action(_ name: String) -> String {
    let words = oneLine(name).split(separator: "_").joined(separator: " ")
    return words.prefix(1).uppercased() + words.dropFirst()
  }

  /// The first moment of a bucket, such as "2013-02-08" or "2013-02-08 14:00 UTC".
  static func moment(_ bucket: Bucket) -> String {
    let index = Int(bucket.index)
    switch bucket.granularity {
    case .day: return CivilDate(dayIndex: index).description
    case .week: return "the week of \(CivilDate(mondayOfWeek: index))"
    case .hour: return minute(unixSeconds: index * 3_600)
    case .fiveMinutes: return minute(unixSeconds: index * 300)
    }
  }

  private static func minute(unixSeconds: Int) -> String {
    let day = unixSeconds >= 0 ? unixSeconds / 86_400 : (unixSeconds - 86_399) / 86_400
    let minutes = (unixSeconds - day * 86_400) / 60
    let clock = [minutes / 60, minutes % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
    return "\(CivilDate(dayIndex: day)) \(clock.joined(separator: ":")) UTC"
  }
}

/// Identities of customers as texts.
enum CustomerText {
  static func uuid(_ id: CustomerID) -> String {
    AnomalyReference(high: id.high, low: id.low).text
  }
}
