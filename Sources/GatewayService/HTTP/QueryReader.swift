internal import AnomalyContract
internal import Classification
internal import HTTPServer
internal import ServiceRuntime

/// Reads the parameters after the question mark; unknown and repeated ones are refused by name.
struct QueryReader {
  private static let lists: Set<String> = ["status", "severity", "type"]
  private static let singles: Set<String> = ["metric", "from", "to", "page_size", "page_token"]

  private let fields: [HTTPHeaders.Field]

  init(_ request: HTTPRequest) throws(GatewayError) {
    fields = request.query
    var seen: Set<String> = []
    for field in fields {
      guard Self.lists.contains(field.name) || Self.singles.contains(field.name) else {
        let name = String(field.name.prefix(100))
        throw GatewayError(field: name, "unknown_parameter", "\(name) is no parameter of this page")
      }
      guard seen.insert(field.name).inserted || Self.lists.contains(field.name) else {
        throw GatewayError(field: field.name, "repeated", "\(field.name) may stand once")
      }
    }
  }

  /// The question that the parameters put about a customer.
  func question(customer: String) throws(GatewayError) -> AnomalyQuestion {
    var question = AnomalyQuestion()
    question.customer = customer
    question.states = try words("status", Classification.AnomalyState.allCases, \.name)
      .map { AnomalyContract.AnomalyState($0) }
    question.severities = try words("severity", Classification.Severity.allCases, \.name)
      .map { AnomalyContract.Severity($0) }
    question.types = try words("type", Classification.AnomalyType.allCases, \.name)
      .map { AnomalyContract.AnomalyType($0) }
    question.metric = try metric()
    question.fromUnixMicroseconds = try moment("from")
    question.toUnixMicroseconds = try moment("to")
    if question.toUnixMicroseconds != 0,
      question.toUnixMicroseconds <= question.fromUnixMicroseconds
    {
      throw GatewayError(field: "to", "out_of_range", "to must lie after from")
    }
    question.pageSize = try pageSize()
    question.pageToken = single("page_token") ?? ""
    return question
  }

  private func single(_ name: String) -> String? { fields.first { $0.name == name }?.value }

  /// Words separated by commas, or in a parameter that stands several times.
  private func words<Word>(
    _ name: String, _ all: [Word], _ text: (Word) -> String
  ) throws(GatewayError) -> [Word] {
    var found: [Word] = []
    for field in fields where field.name == name {
      for part in field.value.split(separator: ",", omittingEmptySubsequences: false) {
        guard let word = all.first(where: { text($0) == part }) else {
          let list = all.map(text).joined(separator: ", ")
          throw GatewayError(field: name, "unknown_word", "\(name) must be one of \(list)")
        }
        found.append(word)
      }
    }
    return found
  }

  private func metric() throws(GatewayError) -> String {
    guard let name = single("metric") else { return "" }
    guard (1...50).contains(name.utf8.count) else {
      throw GatewayError(field: "metric", "bad_name", "metric must be a name of 1 to 50 bytes")
    }
    return name
  }

  private func moment(_ name: String) throws(GatewayError) -> Int64 {
    guard let text = single(name) else { return 0 }
    guard let moment = Timestamp.unixMicroseconds(text) else {
      throw GatewayError(
        field: name, "not_a_time", "\(name) must be a date or an RFC 3339 time such as 2026-11-21")
    }
    return moment
  }

  private func pageSize() throws(GatewayError) -> Int32 {
    guard let text = single("page_size") else { return 0 }
    guard let size = Int32(text), size >= 0 else {
      throw GatewayError(
        field: "page_size", "out_of_range", "page_size must be a whole number from 0")
    }
    return size
  }
}
