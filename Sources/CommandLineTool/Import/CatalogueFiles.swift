import RPC
import SeriesContract

/// The files of customers and of metrics that stand beside a file of points.
enum CatalogueFiles {
  /// Reads customers; a file with a fault is refused whole, by line.
  static func customers(path: String) throws(CommandError) -> [Customer] {
    var table = try TableFile(
      path: path, needed: ["external_id"],
      optional: ["name", "segment", "region", "owner", "zone", "annual_value"])
    var customers: [Customer] = []
    while let row = try table.next() {
      let (line, values) = try row.read(path)
      var customer = Customer()
      customer.externalID = values.text("external_id")
      customer.name = values.text("name")
      customer.segment = values.text("segment")
      customer.region = values.text("region")
      customer.owner = values.text("owner")
      customer.zone = values.text("zone")
      guard !customer.externalID.isEmpty else {
        throw CommandError("\(path):\(line): external_id is empty")
      }
      guard let value = values.number("annual_value") else {
        throw CommandError("\(path):\(line): annual_value is no number")
      }
      customer.annualValue = value
      customers.append(customer)
    }
    return customers
  }

  /// Reads metrics; a file with a fault is refused whole, by line.
  static func metrics(path: String) throws(CommandError) -> [Metric] {
    var table = try TableFile(
      path: path, needed: ["metric", "granularity", "kind"],
      optional: ["polarity", "decimal_places", "unit", "display_name", "on_arrival"])
    var metrics: [Metric] = []
    while let row = try table.next() {
      let (line, values) = try row.read(path)
      metrics.append(try metric(values, at: "\(path):\(line)"))
    }
    return metrics
  }

  private static func metric(_ values: TableRow, at place: String) throws(CommandError) -> Metric {
    var metric = Metric()
    guard let (name, dimensions) = series(values.text("metric")) else {
      throw CommandError("\(place): a metric is written name or name{dimension=value,...}")
    }
    metric.name = name
    metric.dimensions = dimensions
    guard let granularity = granularity(named: values.text("granularity")) else {
      throw CommandError("\(place): granularity is week, day, hour or five-minutes")
    }
    metric.granularity = granularity
    let kinds: [String: MetricKind] = [
      "count": .count, "gauge": .gauge, "money": .money, "ratio": .ratio,
    ]
    guard let kind = kinds[values.text("kind")] else {
      throw CommandError("\(place): kind is count, gauge, money or ratio")
    }
    metric.kind = kind
    let polarities: [String: Polarity] = [
      "": .upIsGood, "up": .upIsGood, "down": .downIsGood, "neutral": .neutral,
    ]
    guard let polarity = polarities[values.text("polarity")] else {
      throw CommandError("\(place): polarity is up, down or neutral: which way is good news")
    }
    metric.polarity = polarity
    guard let places = values.number("decimal_places").flatMap({ Int32(exactly: $0) }) else {
      throw CommandError("\(place): decimal_places is a whole number from 0 to 6")
    }
    metric.decimalPlaces = places
    metric.unit = values.text("unit")
    metric.displayName = values.text("display_name")
    metric.onArrival = values.text("on_arrival") == "true"
    return metric
  }

  /// The name and the sorted dimensions of `name{dimension=value,...}`.
  static func series(_ text: String) -> (String, [LabelPair])? {
    guard let brace = text.firstIndex(of: "{") else { return text.isEmpty ? nil : (text, []) }
    guard text.last == "}", brace != text.startIndex else { return nil }
    var pairs: [LabelPair] = []
    let inside = text[text.index(after: brace)..<text.index(before: text.endIndex)]
    for part in inside.split(separator: ",", omittingEmptySubsequences: false) {
      guard let equals = part.firstIndex(of: "="), equals != part.startIndex else { return nil }
      var pair = LabelPair()
      pair.name = String(part[..<equals])
      pair.value = String(part[part.index(after: equals)...])
      pairs.append(pair)
    }
    return (String(text[..<brace]), pairs.sorted { $0.name < $1.name })
  }
}

extension TableFile.Row {
  /// The line and the values of a good row.
  fileprivate func read(_ path: String) throws(CommandError) -> (Int, TableRow) {
    switch self {
    case .values(let line, let values): return (line, values)
    case .fault(let line, let reason): throw CommandError("\(path):\(line): \(reason)")
    }
  }
}
