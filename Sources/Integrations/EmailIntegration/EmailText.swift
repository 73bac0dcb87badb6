internal import Alerting
internal import Egress
internal import Integration
internal import Sparkline

/// The pictures of a mail, one for each anomaly that is told in full and has recent values.
struct EmailPictures {
  private(set) var all: [MailDocument.Picture] = []
  private var ids: [AnomalyReference: String] = [:]

  init(_ message: OutgoingMessage, host: String) {
    for (place, item) in message.items.prefix(EmailSettings.fullLimit).enumerated() {
      let trend = item.notice.trend
      let picture = SparklinePicture(
        expected: trend.map(\.expected), observed: trend.map(\.observed))
      guard let picture else { continue }
      let id = "trend-\(place).\(message.delivery)@\(host)"
      all.append(MailDocument.Picture(id: id, png: picture.png))
      ids[item.notice.anomaly] = id
    }
  }

  /// What shows the picture of an anomaly; empty where there is none.
  func html(_ notice: Notice) -> String {
    guard let id = ids[notice.anomaly] else { return "" }
    return "<p><img src=\"cid:\(id)\" width=\"\(SparklinePicture.width / 2)\" "
      + "height=\"\(SparklinePicture.height / 2)\" "
      + "alt=\"What was seen (blue) beside what was expected (grey)\"></p>\n"
  }
}

/// The two bodies of a mail.
enum EmailText {
  static func plain(_ message: OutgoingMessage, preferences: String?) -> String {
    var lines: [String] = []
    for text in message.items.prefix(EmailSettings.fullLimit).map(\.text) {
      lines += [text.sentence, ""] + text.facts.map { "\($0.name): \($0.value)" }
      if !text.nextActions.isEmpty {
        lines += ["", "What to do next:"] + text.nextActions.map { "- \($0)" }
      }
      if let link = text.link { lines += ["", "All anomalies of this customer: \(link)"] }
      lines += ["", ""]
    }
    lines.removeLast()
    let others = others(message)
    if !others.lines.isEmpty { lines += ["Also:"] + others.lines.map { "- \($0)" } + [""] }
    if others.more > 0 { lines += ["... and \(others.more) more.", ""] }
    lines += ["-- ", "Sent by Tidemark."]
    if let preferences { lines.append("Choose what you get: \(preferences)") }
    return lines.map(\.singleLine).joined(separator: "\n") + "\n"
  }

  static func html(
    _ message: OutgoingMessage, _ pictures: EmailPictures, preferences: String?
  ) -> String {
    var html = "<!doctype html>\n<html><body style=\"font-family:sans-serif\">\n"
    html += message.items.prefix(EmailSettings.fullLimit).map { item in
      part(item.text, pictures.html(item.notice))
    }.joined(separator: "<hr>\n")
    let others = others(message)
    if !others.lines.isEmpty {
      let items = others.lines.map { "<li>\(escaped($0))</li>" }.joined(separator: "\n")
      html += "<hr>\n<p>Also:</p>\n<ul>\(items)</ul>\n"
    }
    if others.more > 0 { html += "<p>... and \(others.more) more.</p>\n" }
    html += "<p style=\"color:#888\">Sent by Tidemark."
    if let preferences { html += " <a href=\"\(escaped(preferences))\">Choose what you get</a>" }
    return html + "</p>\n</body></html>\n"
  }

  /// The anomalies that are a line only, and how many are not even that.
  private static func others(_ message: OutgoingMessage) -> (lines: [String], more: Int) {
    let rest = message.items.dropFirst(EmailSettings.fullLimit)
    let lines = rest.prefix(EmailSettings.lineLimit).map(\.text.subject)
    return (lines, rest.count - lines.count + message.omittedCount)
  }

  private static func part(_ text: NoticeText, _ picture: String) -> String {
    var html = "<p><strong>\(escaped(text.sentence))</strong></p>\n<table>\n"
    for fact in text.facts {
      html += "<tr><td style=\"color:#555;padding-right:1em\">\(escaped(fact.name))</td>"
      html += "<td>\(escaped(fact.value))</td></tr>\n"
    }
    html += "</table>\n" + picture
    if !text.nextActions.isEmpty {
      let items = text.nextActions.map { "<li>\(escaped($0))</li>" }.joined()
      html += "<p>What to do next:</p><ul>\(items)</ul>\n"
    }
    if let link = text.link {
      html += "<p><a href=\"\(escaped(link))\">All anomalies of this customer</a></p>\n"
    }
    return html
  }

  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.singleLine.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
