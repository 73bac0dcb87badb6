import SeriesModel

/// A history in memory: the values of each series bucket after bucket.
///
/// Customers, metrics and series stand in the order of their names, so that nothing depends on the
/// order of the rows that they came from.
struct History: Sendable {
  /// One series: where its values stand.
  struct Series: Sendable {
    /// As detections name it.
    let name: String
    /// Place in ``History/customers``.
    let customer: Int
    /// Place in ``History/metrics``.
    let metric: Int
    /// The bucket of the first value.
    let first: Int32
    /// Where its values begin.
    let offset: Int
    /// How many buckets it reaches over.
    let count: Int
  }

  /// The most values that are held, missing ones among them; 8 bytes each.
  static let valuesLimit = 200_000_000

  let granularity: Granularity
  let customers: [Customer]
  let metrics: [Metric]
  let series: [Series]
  /// The buckets from the first value of any series to the last one.
  let buckets: ClosedRange<Int32>
  private let values: [Double]

  /// Orders the rows of a file.
  ///
  /// - Parameters:
  ///   - rows: The rows; those of one series are in the order of time unless `isUnordered`.
  ///   - path: The file that they came from, for faults.
  ///   - granularity: The length of the buckets.
  ///   - attributes: What is known of customers, by their external ids.
  ///   - catalogue: What is known of metrics, by their names.
  ///   - isUnordered: Whether the rows of a series may come in any order.
  ///   - repeated: What several values of a series in one bucket come to.
  /// - Throws: ``CommandError`` that names the line of a row that goes back in time or whose bucket
  ///   stood before, where that is refused.
  init(
    _ rows: PointRows, path: String, granularity: Granularity, attributes: [String: Customer],
    catalogue: [String: Metric], isUnordered: Bool, repeated: RepeatedValues
  ) throws(CommandError) {
    self.granularity = granularity
    let ranges = try Self.ranges(rows, path, isUnordered: isUnordered)
    let ids = Set(rows.names.map(\.customer)).sorted()
    customers = ids.enumerated().map { place, id in
      var customer = attributes[id] ?? Customer(id: CustomerID(high: 0, low: 0), externalID: id)
      customer.id = CustomerID(high: 0, low: UInt64(place) + 1)
      return customer
    }
    let keys = Set(rows.names.map(\.metric)).sorted()
    metrics = keys.enumerated().map { place, key in
      var metric = catalogue[key] ?? MetricGuess.metric(key, granularity)
      metric.id = MetricID(Int32(place) + 1)
      metric.granularity = granularity
      return metric
    }
    let customerPlaces = Dictionary(uniqueKeysWithValues: zip(ids, ids.indices))
    let metricPlaces = Dictionary(uniqueKeysWithValues: zip(keys, keys.indices))
    let order = rows.names.indices.sorted { left, right in
      let (left, right) = (rows.names[left], rows.names[right])
      return (left.customer, left.metric) < (right.customer, right.metric)
    }
    var series: [Series] = []
    var offsets = [Int](repeating: 0, count: rows.names.count)
    var total = 0
    for place in order {
      let range = ranges[place]
      offsets[place] = total
      series.append(
        Series(
          name: rows.names[place].text,
          customer: customerPlaces[rows.names[place].customer, default: 0],
          metric: metricPlaces[rows.names[place].metric, default: 0], first: range.lowerBound,
          offset: total, count: range.count))
      total += range.count
      guard total <= Self.valuesLimit else {
        throw CommandError(
          "\(path): its dates span more than \(grouped(Int64(Self.valuesLimit))) buckets in all;"
            + " is \(granularity.name) the right granularity?")
      }
    }
    self.series = series
    var buckets = ranges[0]
    for range in ranges {
      buckets =
        min(buckets.lowerBound, range.lowerBound)...max(buckets.upperBound, range.upperBound)
    }
    self.buckets = buckets
    values = try Self.values(rows, path, offsets, ranges, total, repeated)
  }

  /// The first and the last bucket of each series; refuses rows that go back in time.
  private static func ranges(
    _ rows: PointRows, _ path: String, isUnordered: Bool
  ) throws(CommandError) -> [ClosedRange<Int32>] {
    var ranges: [ClosedRange<Int32>?] = Array(repeating: nil, count: rows.names.count)
    for row in rows.series.indices {
      let place = Int(rows.series[row])
      let bucket = rows.buckets[row]
      guard let range = ranges[place] else {
        ranges[place] = bucket...bucket
        continue
      }
      if !isUnordered, bucket < range.upperBound {
        throw CommandError(
          "\(path):\(rows.lines[row]): \(rows.names[place].text) goes back in time to"
            + " \(momentText(bucket, rows)); sort the file, or say --unordered")
      }
      ranges[place] = min(range.lowerBound, bucket)...max(range.upperBound, bucket)
    }
    return ranges.compactMap { $0 }
  }

  /// The values by series and bucket.
  private static func values(
    _ rows: PointRows, _ path: String, _ offsets: [Int], _ ranges: [ClosedRange<Int32>],
    _ total: Int, _ repeated: RepeatedValues
  ) throws(CommandError) -> [Double] {
    var values = [Double](repeating: .nan, count: total)
    var several: [Int: [Double]] = [:]
    for row in rows.series.indices {
      let place = Int(rows.series[row])
      let cell = offsets[place] + Int(rows.buckets[row]) - Int(ranges[place].lowerBound)
      if values[cell].isNaN {
        values[cell] = rows.values[row]
        continue
      }
      guard repeated != .refuse else {
        throw CommandError(
          "\(path):\(rows.lines[row]): \(rows.names[place].text) has a second value for the"
            + " \(rows.granularity.name) \(momentText(rows.buckets[row], rows));"
            + " --repeated mean or sum takes it")
      }
      several[cell, default: [values[cell]]].append(rows.values[row])
    }
    for (cell, all) in several { values[cell] = repeated.value(of: all) }
    return values
  }

  private static func momentText(_ bucket: Int32, _ rows: PointRows) -> String {
    DetectionFile.moment(Bucket(rows.granularity, bucket))
  }

  /// The value of a series in a bucket; NaN where it is missing.
  func value(_ place: Int, _ bucket: Int32) -> Double {
    let series = series[place]
    let step = Int(bucket) - Int(series.first)
    return step >= 0 && step < series.count ? values[series.offset + step] : .nan
  }
}

/// What several values of a series in one bucket come to.
enum RepeatedValues: String, CaseIterable, Sendable {
  /// Nothing: the file is taken for faulty.
  case refuse
  /// Their mean: readings of something that is there all the time.
  case mean
  /// Their sum: parts of what the bucket counts.
  case sum

  /// What is meant where nothing is said.
  ///
  /// Readings every 5 minutes drift across the grid, so that now and then a bucket holds two of
  /// them and one beside it none. Two rows for an hour or a day are somebody's mistake.
  static func usual(_ granularity: Granularity) -> RepeatedValues {
    granularity == .fiveMinutes ? .mean : .refuse
  }

  /// One value for all, whatever their order.
  func value(of all: [Double]) -> Double {
    let sum = all.sorted().reduce(0, +)
    return self == .sum ? sum : sum / Double(all.count)
  }
}

/// What a metric of which no catalogue tells is taken for, by its name alone.
///
/// In use the catalogue tells; a bare history has names only, and its values may not be looked at
/// before their time.
enum MetricGuess {
  private static let kinds: [(words: Set<String>, kind: MetricKind)] = [
    (["score", "health", "level", "index"], .gauge),
    (["revenue", "mrr", "arr", "spend", "amount", "cost", "price"], .money),
    (["rate", "ratio", "share", "percent", "latency", "utilization"], .ratio),
  ]

  /// The catalogue's entry for a name.
  static func metric(_ key: String, _ granularity: Granularity) -> Metric {
    let words = Set(
      key.lowercased().split { !$0.isLetter }.map(String.init))
    let kind = kinds.first { !$0.words.isDisjoint(with: words) }?.kind ?? .count
    return Metric(id: MetricID(0), name: key, granularity: granularity, kind: kind)
  }
}
