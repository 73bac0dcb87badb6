internal import Integration
internal import JSON
internal import ServiceRuntime

/// What is known of an issue that may be that of a thread.
struct JiraIssue {
  /// What may be done with it.
  enum State: Equatable {
    /// It is worked on, or will be.
    case open
    /// It is done, since that moment where one is given.
    case done(sinceUnixMicroseconds: Int64?)
  }

  let key: String
  let state: State
  let resolution: String?
  /// The delivery that created it, where that was one of ours.
  let delivery: String?

  /// The name under which an issue remembers its delivery.
  static let property = "tidemark.delivery"
  /// The fields to be asked for.
  static let fields: JSONValue = ["status", "resolution", "resolutiondate"]

  /// Reads an issue as Jira gives it; nil for another form.
  init?(_ value: JSONValue) {
    guard let key = value["key"]?.stringValue, Self.isKey(key),
      let fields = value["fields"]
    else { return nil }
    self.key = key
    resolution = fields["resolution"]?["name"]?.stringValue
    delivery = value["properties"]?[Self.property]?["delivery"]?.stringValue
    let category = fields["status"]?["statusCategory"]?["key"]?.stringValue
    guard category == "done" else {
      state = .open
      return
    }
    let moment = fields["resolutiondate"]?.stringValue
    state = .done(sinceUnixMicroseconds: moment.flatMap(Self.unixMicroseconds))
  }

  /// Whether a text is an issue's key, such as "CS-12", and can stand in an address.
  static func isKey(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    return parts.count == 2 && text.utf8.count <= 300 && !parts[0].isEmpty && !parts[1].isEmpty
      && parts[0].utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "_") }
      && parts[1].utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  /// Jira writes offsets without a colon: "2013-02-08T15:05:00.000+0100".
  static func unixMicroseconds(_ text: String) -> Int64? {
    var text = text
    let sign = text.utf8.dropLast(4).last
    if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
      text.insert(":", at: text.index(text.endIndex, offsetBy: -2))
    }
    return Timestamp.unixMicroseconds(text)
  }
}

extension JiraSettings {
  /// Whether a thread that goes on may go on in this issue.
  func mayContinue(_ issue: JiraIssue, now: Int64) -> Bool {
    switch issue.state {
    case .open: return true
    case .done(let since):
      guard let hours = reopenWithinHours, let since else { return false }
      let isLeftAlone = wontDoResolution != nil && issue.resolution == wontDoResolution
      return !isLeftAlone && now - since <= Int64(hours) * 3_600_000_000
    }
  }

  /// The question for the issues of a thread, newest first.
  ///
  /// `resolution != "…"` alone would leave out what has no resolution yet.
  func query(label: String) -> String {
    var parts = ["project = \(Self.quoted(project))", "labels = \(Self.quoted(label))"]
    if let wontDoResolution {
      parts.append("(resolution is EMPTY or resolution != \(Self.quoted(wontDoResolution)))")
    }
    let recent = reopenWithinHours.map { " or resolutiondate >= -\($0)h" } ?? ""
    parts.append("(statusCategory != Done\(recent))")
    return parts.joined(separator: " and ") + " order by created DESC"
  }

  private static func quoted(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar in
      scalar == "\"" || scalar == "\\" ? "\\\(scalar)" : "\(scalar)"
    }.joined()
    return "\"\(escaped)\""
  }
}
