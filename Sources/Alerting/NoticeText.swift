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
  public init(_ notice: Notice, publicURL: String?) {
    let name = Self.oneLine(notice.customer.name)
    let who = name.isEmpty ? Self.oneLine(notice.customer.externalID) : name
    let metric = Self.oneLine(notice.metricName)
    let summary = Self.oneLine(notice.summary)
    let what = summary.isEmpty ? "\(notice.type) in \(metric)" : summary
    subject = "[\(Self.mark(notice))] \(who): \(what)"
    let duration = Self.duration(notice.durationBuckets, notice.granularity)
    let since = Self.moment(notice.start)
    switch notice.kind {
    case .opened, .changed, .reopened:
      sentence = "\(who): \(what), for \(duration) so far, since \(since)."
    case .resolved:
      sentence = "\(who) is back to normal: \(what) is over after \(duration)."
    case .dismissed:
      sentence = "\(who): \(what) was dismissed by a colleague."
    case .withdrawn:
      sentence = "\(who): \(what) was withdrawn, because later figures do not bear it out."
    }
    let rate = Self.rate(notice)
    var facts = [
      Fact(name: "Metric", value: metric),
      Fact(
        name: "Baseline -> Actual",
        value: "\(Self.number(notice.baseline))\(rate) -> \(Self.number(notice.actual))\(rate)"),
      Fact(name: "Duration", value: duration), Fact(name: "Started", value: since),
    ]
    if !notice.possibleCause.isEmpty {
      facts.append(Fact(name: "Possible cause", value: Self.oneLine(notice.possibleCause)))
    }
    if !notice.customer.segment.isEmpty {
      facts.append(Fact(name: "Segment", value: Self.oneLine(notice.customer.segment)))
    }
    if !notice.customer.owner.isEmpty {
      facts.append(Fact(name: "Owner", value: Self.oneLine(notice.customer.owner)))
    }
    self.facts = facts
    nextActions = notice.kind.isEnd ? [] : notice.actions.map(Self.action)
    link = publicURL.map { base in
      let root = base.hasSuffix("/") ? String(base.dropLast()) : base
      let id = CustomerText.uuid(notice.customer.id)
      return "\(root)/api/customers/\(id)/usage/anomalies"
    }
  }

  /// The text without anything that could begin a line or turn the order of characters around,
  /// so that a hostile name cannot pass for another part of a message.
  static func oneLine(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x202a...0x202e, 0x2066...0x2069, 0x200e, 0x200f, 0x061c: continue
      default: break
      }
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator: result.append(" ")
      default: result.append(scalar)
      }
    }
    while result.last == " " { result.removeLast() }
    return String(result.drop { $0 == " " })
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

  private static func action(_ name: String) -> String {
    let words = oneLine(name).split(separator: "_").joined(separator: " ")
    return words.prefix(1).uppercased() + words.dropFirst()
  }

  /// Such as "5 days" or "1 hour".
  static func duration(_ buckets: Int64, _ granularity: Granularity) -> String {
    let (count, word) =
      switch granularity {
      case .fiveMinutes: (buckets * 5, "minute")
      case .hour: (buckets, "hour")
      case .day: (buckets, "day")
      case .week: (buckets, "week")
      }
    return "\(count) \(word)\(count == 1 ? "" : "s")"
  }

  private static func rate(_ notice: Notice) -> String {
    let unit = notice.unit.isEmpty ? "" : " \(oneLine(notice.unit))"
    return switch notice.granularity {
    case .fiveMinutes: "\(unit)/5 min"
    case .hour: "\(unit)/hour"
    case .day: "\(unit)/day"
    case .week: "\(unit)/week"
    }
  }

  /// Such as "45,000", "12.3" or "0.045".
  static func number(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    let places = abs(value) >= 100 ? 0 : abs(value) >= 1 ? 1 : 3
    let scale = [1.0, 10, 100, 1_000][places]
    let scaled = Int64((abs(value) * scale).rounded())
    var whole = String(scaled / Int64(scale))
    var at = whole.count - 3
    while at > 0 {
      whole.insert(",", at: whole.index(whole.startIndex, offsetBy: at))
      at -= 3
    }
    var text = (value < 0 && scaled != 0 ? "-" : "") + whole
    if places > 0, scaled % Int64(scale) != 0 {
      let rest = String(scaled % Int64(scale))
      var fraction = String(repeating: "0", count: places - rest.count) + rest
      while fraction.last == "0" { fraction.removeLast() }
      text += "." + fraction
    }
    return text
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
