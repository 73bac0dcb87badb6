internal import SeriesModel

/// The order of rows by the table's key, then slot and metric.
struct RowOrder {
  struct Entry {
    /// Family, bucket and lane, in this order.
    let key: UInt64
    let place: Int32

    /// Changes with the customer and with the family.
    let series: UInt64

    static func precedes(_ left: Entry, _ right: Entry) -> Bool {
      left.key != right.key ? left.key < right.key : left.place < right.place
    }
  }

  private(set) var entries: [Entry] = []

  init(_ rows: PointRows, _ metrics: [PlannedMetric]) {
    let customerRank = Self.ranks(rows.customers)
    let familyRank = Self.ranks(metrics.map(\.family))
    // Rows go to their customers by counting; only what lies within one customer is compared.
    var ends = [Int](repeating: 0, count: rows.customers.count + 1)
    for customer in rows.customerIndex { ends[Int(customerRank[Int(customer)]) + 1] += 1 }
    for rank in 1..<ends.count { ends[rank] += ends[rank - 1] }
    let blank = Entry(key: 0, place: 0, series: 0)
    entries = [Entry](repeating: blank, count: rows.count)
    for place in 0..<rows.count {
      let metric = Int(rows.metricIndex[place])
      let rank = customerRank[Int(rows.customerIndex[place])]
      let family = UInt64(familyRank[metric])
      let bucket = UInt64(UInt32(bitPattern: rows.bucket[place] ^ .min))
      entries[ends[Int(rank)]] = Entry(
        key: family << 34 | bucket << 2 | UInt64(metrics[metric].lane), place: Int32(place),
        series: UInt64(rank) << 32 | family)
      ends[Int(rank)] += 1
    }
    // Each end is now the beginning of the next customer's rows.
    var start = 0
    for end in ends.dropLast() {
      sort(start..<end)
      start = end
    }
  }

  private mutating func sort(_ range: Range<Int>) {
    if range.count < 2 { return }
    var isSorted = true
    for place in range.dropFirst() where isSorted {
      isSorted = Entry.precedes(entries[place - 1], entries[place])
    }
    if !isSorted { entries[range].sort(by: Entry.precedes) }
  }

  /// For each element its place among the distinct elements in order.
  private static func ranks<Element: Comparable>(_ elements: [Element]) -> [UInt32] {
    let order = elements.indices.sorted { elements[$0] < elements[$1] }
    var ranks = [UInt32](repeating: 0, count: elements.count)
    var rank: UInt32 = 0
    for (step, index) in order.enumerated() {
      if step > 0, elements[order[step - 1]] != elements[index] { rank += 1 }
      ranks[index] = rank
    }
    return ranks
  }
}

/// What a plan needs to know of a metric.
struct PlannedMetric {
  let family: MetricFamily
  let lane: Int
  let decimalPlaces: Int

  init(_ metric: Metric) {
    family = MetricFamily(metric: metric.id.number, metric.granularity)
    lane = MetricFamily.lane(ofMetric: metric.id.number, metric.granularity)
    decimalPlaces = metric.decimalPlaces
  }
}
