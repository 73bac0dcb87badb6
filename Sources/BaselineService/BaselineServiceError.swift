/// Why baseline could not do its work.
struct BaselineServiceError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of failure.
  enum Code: String, Sendable {
    /// A series of a metric that the catalogue does not hold.
    case unknownMetric
    /// The system has no time zone of the organisation's name.
    case unknownZone
    /// The service stops; the work goes on elsewhere.
    case stopping
  }

  let code: Code
  let detail: String

  init(_ code: Code, _ detail: String) {
    self.code = code
    self.detail = detail
  }

  /// One line, safe to log.
  var description: String { "baseline: \(code.rawValue): \(detail)" }
}
