public import Postgres
public import SeriesModel

/// A granularity's closed buckets.
public struct ClosedBuckets: Sendable, Hashable {
  /// The last bucket that is closed.
  public let through: Bucket

  /// The number of its closing, to compare with corrections.
  public let sequence: Int64
}

/// The series of some shards, with the customers they belong to.
public struct SeriesList: Sendable {
  /// All customers that have a series here, in order.
  public internal(set) var customers: [Customer] = []

  /// The series in order: a customer's stand together.
  public internal(set) var series: [SeriesKey] = []

  /// For each series the place of its customer in `customers`.
  public internal(set) var customerIndex: [Int] = []

  /// Some of the series, with their customers.
  public func filtered(_ isKept: (SeriesKey) -> Bool) -> SeriesList {
    var list = SeriesList()
    for (row, key) in series.enumerated() where isKept(key) {
      if list.customers.last?.id != key.customer {
        list.customers.append(customers[customerIndex[row]])
      }
      list.series.append(key)
      list.customerIndex.append(list.customers.count - 1)
    }
    return list
  }
}

/// Values of several series over a range of buckets, as rows of equal length.
public struct SlotTable: Sendable {
  /// The first bucket.
  public let from: Int32

  /// How many buckets each row has.
  public let width: Int

  /// The series, one a row.
  public let series: [SeriesKey]

  /// Row after row; NaN is missing.
  public internal(set) var values: [Double]

  /// The value of a series in a bucket; NaN is missing.
  public subscript(row: Int, bucket: Int32) -> Double {
    precondition(bucket >= from && bucket < from + Int32(width), "a bucket outside the table")
    return values[row * width + Int(bucket - from)]
  }

  /// The same table with some values of some rows replaced; NaN is missing.
  public func replacing(_ values: [Int: [Int32: Double]]) -> SlotTable {
    var table = self
    for (row, buckets) in values {
      for (bucket, value) in buckets {
        precondition(bucket >= from && bucket < from + Int32(width), "a bucket outside the table")
        table.values[row * width + Int(bucket - from)] = value
      }
    }
    return table
  }

  /// All values of a series in order; NaN is missing.
  public func row(_ row: Int) -> ArraySlice<Double> {
    values[row * width..<(row + 1) * width]
  }
}

/// Reads points and catalogues through ingest's versioned views, as baseline's role may.
public struct SeriesReader: Sendable {
  private let pool: PostgresPool

  /// Reads over a pool of baseline's or ingest's connections.
  public init(pool: PostgresPool) {
    self.pool = pool
  }

  /// The closed buckets of a granularity, or nil when none is.
  ///
  /// - Throws: `PostgresError`.
  public func closed(_ granularity: Granularity) async throws(PostgresError) -> ClosedBuckets? {
    let rows = try await pool.query(
      "SELECT through_bucket, sequence FROM ingest.closed_bucket_v1 WHERE granularity = $1",
      [.int16(Int16(granularity.rawValue))])
    return rows.first.map { row in
      ClosedBuckets(through: Bucket(granularity, row.int32(0)), sequence: row.int64(1))
    }
  }

  /// All metrics, by their number.
  ///
  /// - Throws: `PostgresError`.
  public func metrics() async throws(PostgresError) -> [Metric] {
    try await pool.query(
      """
      SELECT metric_id, name, dimension_names, dimension_values, granularity, kind, polarity,
        decimal_places, on_arrival, unit, display_name
      FROM ingest.metric_v1 ORDER BY metric_id
      """
    ).compactMap { Metric(row: $0) }
  }

  /// The series of a granularity whose customers are in these shards.
  ///
  /// - Throws: `PostgresError`.
  public func series(
    _ granularity: Granularity, shards: Range<Int>
  ) async throws(PostgresError) -> SeriesList {
    let rows = try await pool.query(
      """
      SELECT customer_id, metric_id, external_id, name, segment, region, owner, zone,
        annual_value, version
      FROM ingest.series_v1
      WHERE granularity = $1 AND shard >= $2 AND shard < $3
      ORDER BY customer_id, metric_id
      """,
      [
        .int16(Int16(granularity.rawValue)), .int32(Int32(shards.lowerBound)),
        .int32(Int32(shards.upperBound)),
      ])
    var list = SeriesList()
    for row in rows {
      let id = CustomerID(high: row.uuid(0).high, low: row.uuid(0).low)
      if list.customers.last?.id != id { list.customers.append(Customer(seriesRow: row, id: id)) }
      list.series.append(SeriesKey(id, MetricID(row.int32(1))))
      list.customerIndex.append(list.customers.count - 1)
    }
    return list
  }

  /// How many series each shard has, in the order of shards; shards without any are left out.
  ///
  /// - Throws: `PostgresError`.
  public func seriesCounts(
    _ granularity: Granularity
  ) async throws(PostgresError) -> [(shard: Int, count: Int)] {
    try await pool.query(
      """
      SELECT shard, count(*) FROM ingest.series_v1
      WHERE granularity = $1 GROUP BY shard ORDER BY shard
      """, [.int16(Int16(granularity.rawValue))]
    ).map { ($0.int(0), $0.int(1)) }
  }

  /// The earliest bucket that may hold a value, or nil without any series.
  ///
  /// - Throws: `PostgresError`.
  public func firstBucket(
    _ granularity: Granularity
  ) async throws(PostgresError) -> Int32? {
    try await pool.query(
      """
      SELECT min(chunk_start) FROM ingest.series_chunk_v2 WHERE granularity = $1
      """, [.int16(Int16(granularity.rawValue))]
    ).single.optionalInt64(0).map { Int32($0) }
  }

  /// The earliest bucket that may hold a value of some customers, or nil without any.
  ///
  /// - Throws: `PostgresError`.
  public func firstBucket(
    _ granularity: Granularity, of customers: [CustomerID]
  ) async throws(PostgresError) -> Int32? {
    try await pool.query(
      """
      SELECT min(chunk_start) FROM ingest.series_chunk_v2
      WHERE granularity = $1 AND customer_id = ANY ($2::uuid[])
      """,
      [
        .int16(Int16(granularity.rawValue)),
        .uuidArray(customers.map { PostgresUUID(high: $0.high, low: $0.low) }),
      ]
    ).single.optionalInt64(0).map { Int32($0) }
  }

  /// The values of some series of one granularity, as they are now.
  ///
  /// - Throws: `PostgresError`.
  public func slots(
    of series: [SeriesKey], _ granularity: Granularity, from: Int32, through: Int32
  ) async throws(PostgresError) -> SlotTable {
    precondition(from <= through, "a range of buckets is not empty")
    let width = Int(through - from) + 1
    let families = WantedFamilies(series, granularity)
    let firstChunk = ChunkAddress.chunk(holding: Bucket(granularity, from)).lowerBound
    let rows = try await pool.query(
      """
      SELECT wanted.place, chunk.chunk_start, chunk.lanes, chunk.slots
      FROM unnest($1::uuid[], $2::int[]) WITH ORDINALITY AS wanted(customer_id, family, place)
      JOIN ingest.series_chunk_v2 AS chunk
        ON chunk.customer_id = wanted.customer_id AND chunk.granularity = $3
        AND chunk.family = wanted.family
        AND chunk.chunk_start >= $4 AND chunk.chunk_start <= $5
      """,
      [
        .uuidArray(families.customers), .int32Array(families.numbers),
        .int16(Int16(granularity.rawValue)), .int32(firstChunk), .int32(through),
      ])
    var table = SlotTable(
      from: from, width: width, series: series,
      values: [Double](repeating: .nan, count: width * series.count))
    for row in rows {
      let lanes = LaneSet(bits: UInt8(truncatingIfNeeded: row.int(2)))
      let start = Int(row.int32(1)) - Int(from)
      for (series, lane) in families.members[row.int(0) - 1] where lanes.contains(lane) {
        row.withBytes(3) { slots in
          table.take(
            slots, stride: lanes.count, place: lanes.place(lane), into: series, start: start)
        }
      }
    }
    return table
  }
}

/// The families that hold some series, each once.
private struct WantedFamilies {
  private(set) var customers: [PostgresUUID] = []
  private(set) var numbers: [Int32] = []

  /// For each family the places of its wanted series, with their lanes.
  private(set) var members: [[(series: Int, lane: Int)]] = []

  private struct Key: Hashable {
    let customer: CustomerID
    let family: MetricFamily
  }

  init(_ series: [SeriesKey], _ granularity: Granularity) {
    var places: [Key: Int] = [:]
    for (index, key) in series.enumerated() {
      let family = MetricFamily(metric: key.metric.number, granularity)
      let member = (index, MetricFamily.lane(ofMetric: key.metric.number, granularity))
      if let place = places[Key(customer: key.customer, family: family)] {
        members[place].append(member)
        continue
      }
      places[Key(customer: key.customer, family: family)] = members.count
      customers.append(PostgresUUID(high: key.customer.high, low: key.customer.low))
      numbers.append(family.number)
      members.append([member])
    }
  }
}

extension SlotTable {
  /// Takes one metric's values out of a chunk that begins so many buckets after the table.
  fileprivate mutating func take(
    _ slots: UnsafeRawBufferPointer, stride: Int, place: Int, into row: Int, start: Int
  ) {
    let slotCount = slots.count / 8 / stride
    for slot in max(0, -start)..<max(0, -start, min(slotCount, width - start)) {
      let value = SlotCoding.value(slots, slot * stride + place)
      if !value.isNaN { values[row * width + start + slot] = value }
    }
  }
}

extension Customer {
  /// Reads the columns of `series_v1` after the two identities.
  fileprivate init(seriesRow row: PostgresRow, id: CustomerID) {
    self.init(
      id: id, externalID: row.text(2), name: row.text(3), segment: row.text(4),
      region: row.text(5), owner: row.text(6), zone: row.text(7), annualValue: row.double(8),
      version: row.int64(9))
  }
}

extension Metric {
  /// Reads a row of the catalogue; nil for a granularity or kind of a newer release.
  ///
  /// The columns are those of `metric_v1` without its key.
  public init?(row: PostgresRow) {
    guard let granularity = Granularity(rawValue: UInt8(clamping: row.int64(4))),
      let kind = MetricKind(rawValue: UInt8(clamping: row.int64(5))),
      let polarity = Polarity(rawValue: UInt8(clamping: row.int64(6)))
    else { return nil }
    self.init(
      id: MetricID(row.int32(0)), name: row.text(1),
      dimensions: zip(row.textArray(2), row.textArray(3)).map { Dimension(name: $0, value: $1) },
      granularity: granularity, kind: kind, polarity: polarity, decimalPlaces: row.int(7),
      onArrival: row.bool(8), unit: row.text(9), displayName: row.text(10))
  }
}
