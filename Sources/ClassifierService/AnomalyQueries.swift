internal import AnomalyContract
internal import Classification
internal import Cryptography
internal import Postgres
internal import SeriesContract
internal import SeriesModel

/// Which anomalies a list shows.
struct AnomalyFilter: Sendable, Hashable {
  var customer: CustomerID?
  /// Empty is all.
  var states: [Classification.AnomalyState] = []
  var severities: [Classification.Severity] = []
  var types: [Classification.AnomalyType] = []
  /// Empty is all.
  var metric = ""
  /// Those as well that another anomaly speaks for.
  var includesMembers = false
  /// Only those that this one speaks for.
  var membersOf: AnomalyID?
  /// Inclusive; 0 is open.
  var detectedFromUnixMicroseconds: Int64 = 0
  /// Exclusive; 0 is open.
  var detectedToUnixMicroseconds: Int64 = 0

  /// Eight bytes that stand for the filter in a page token.
  var digest: UInt64 {
    let words = [
      customer?.wireUUID.text ?? "", states.map(\.name).sorted().joined(separator: ","),
      severities.map(\.name).sorted().joined(separator: ","),
      types.map(\.name).sorted().joined(separator: ","), metric,
      "\(detectedFromUnixMicroseconds)", "\(detectedToUnixMicroseconds)", "\(includesMembers)",
      membersOf?.wireUUID.text ?? "",
    ]
    return SHA256.hash(words.joined(separator: "/")).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }
}

/// Where a list goes on: behind the anomaly with this key, for the same filter.
struct AnomalyPageToken: Sendable, Hashable {
  var severity: Int16
  var startedUnixMicroseconds: Int64
  var id: AnomalyID
  var filterDigest: UInt64

  init(
    severity: Int16, startedUnixMicroseconds: Int64, id: AnomalyID, filterDigest: UInt64
  ) {
    self.severity = severity
    self.startedUnixMicroseconds = startedUnixMicroseconds
    self.id = id
    self.filterDigest = filterDigest
  }

  /// Reads what ``text`` wrote for the same filter.
  ///
  /// - Throws: ``ClassifierError`` with `badRequest`.
  init(text: String, filter: AnomalyFilter) throws(ClassifierError) {
    let refusal = ClassifierError(
      .badRequest, field: "page.page_token",
      "page.page_token is not one that this list gave, or the filter was changed")
    let bytes: [UInt8]
    do throws(CryptographyError) { bytes = try Base64.decodeURL(text) } catch { throw refusal }
    guard bytes.count == 34, let id = WireUUID(bytes: Array(bytes[10..<26])) else { throw refusal }
    func number(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
    self.init(
      severity: Int16(truncatingIfNeeded: number(0..<2)),
      startedUnixMicroseconds: Int64(bitPattern: number(2..<10)), id: AnomalyID(id),
      filterDigest: number(26..<34))
    guard filterDigest == filter.digest else { throw refusal }
  }

  /// Opaque to callers.
  var text: String {
    var bytes: [UInt8] = []
    withUnsafeBytes(of: severity.bigEndian) { bytes.append(contentsOf: $0) }
    withUnsafeBytes(of: startedUnixMicroseconds.bigEndian) { bytes.append(contentsOf: $0) }
    bytes += id.wireUUID.bytes
    withUnsafeBytes(of: filterDigest.bigEndian) { bytes.append(contentsOf: $0) }
    return Base64.encodeURL(bytes)
  }
}

extension ClassifierStore {
  /// One anomaly; where the customer is not known, all shards are asked.
  ///
  /// - Throws: ``ClassifierError`` with `unknownAnomaly`.
  func anomaly(_ id: AnomalyID, customer: CustomerID?) async throws -> AnomalyRecord {
    try await pool.transaction { connection in
      try Self.find(id, customer: customer, on: connection)
    }
  }

  static func find(
    _ id: AnomalyID, customer: CustomerID?, on connection: isolated PostgresConnection
  ) throws -> AnomalyRecord {
    let owner: CustomerID
    if let customer {
      owner = customer
    } else {
      let rows = try connection.execute(
        "SELECT customer_id FROM anomaly WHERE id = $1", [.uuid(id.postgres)])
      guard let row = rows.first else { throw unknown(id) }
      owner = CustomerID(row.uuid(0))
    }
    guard let record = try AnomalyTable.load([(owner, id)], on: connection)[id] else {
      throw unknown(id)
    }
    return record
  }

  private static func unknown(_ id: AnomalyID) -> ClassifierError {
    ClassifierError(
      .unknownAnomaly, field: "anomaly_id", "there is no anomaly \(id.wireUUID.text)")
  }

  /// A page of anomalies, the worst first, then those that began last; and the token of the next.
  func list(
    _ filter: AnomalyFilter, pageSize: Int, after token: AnomalyPageToken?
  ) async throws -> (records: [AnomalyRecord], next: AnomalyPageToken?) {
    try await pool.transaction { connection in
      let rows = try connection.execute(
        filter.customer == nil ? Self.listStatement : Self.listOfCustomerStatement,
        Self.parameters(filter, limit: pageSize + 1, after: token))
      let shown = rows.prefix(pageSize)
      let keys = shown.map { (customer: CustomerID($0.uuid(0)), id: AnomalyID($0.uuid(1))) }
      let found = try AnomalyTable.load(keys, on: connection)
      var next: AnomalyPageToken?
      if rows.count > pageSize, let last = shown.last {
        next = AnomalyPageToken(
          severity: Int16(truncatingIfNeeded: last.int64(2)),
          startedUnixMicroseconds: last.int64(3), id: AnomalyID(last.uuid(1)),
          filterDigest: filter.digest)
      }
      return (records: keys.compactMap { found[$0.id] }, next: next)
    }
  }

  private static func parameters(
    _ filter: AnomalyFilter, limit: Int, after token: AnomalyPageToken?
  ) -> [PostgresValue] {
    let parameters: [PostgresValue] = [
      .int16Array(filter.states.map { Int16($0.rawValue) }),
      .int16Array(filter.severities.map { Int16($0.rawValue) }),
      .int16Array(filter.types.map { Int16($0.rawValue) }), .text(filter.metric),
      .int64(filter.detectedFromUnixMicroseconds),
      .int64(filter.detectedToUnixMicroseconds == 0 ? .max : filter.detectedToUnixMicroseconds),
      // Before everything: no anomaly is worse than the worst severity.
      .int16(token?.severity ?? .max), .int64(token?.startedUnixMicroseconds ?? .max),
      .uuid((token?.id ?? AnomalyID(high: .max, low: .max)).postgres), .int64(Int64(limit)),
      .bool(filter.includesMembers || filter.membersOf != nil),
      filter.membersOf.map { .uuid($0.postgres) } ?? .null,
    ]
    guard let customer = filter.customer else { return parameters }
    return parameters + [.uuid(customer.postgres)]
  }

  private static let listStatement: PostgresStatement = """
    SELECT customer_id, id, severity, started_unix_us FROM anomaly
    WHERE (severity, started_unix_us, id) < ($7, $8, $9)
      AND (cardinality($1) = 0 OR state = ANY ($1))
      AND (cardinality($2) = 0 OR severity = ANY ($2))
      AND (cardinality($3) = 0 OR type = ANY ($3))
      AND ($4 = '' OR metric_name = $4)
      AND ($11 OR standing = 1) AND ($12::uuid IS NULL OR leader_id = $12)
      AND detected_unix_us >= $5 AND detected_unix_us < $6
    ORDER BY severity DESC, started_unix_us DESC, id DESC
    LIMIT $10
    """

  private static let listOfCustomerStatement: PostgresStatement = """
    SELECT customer_id, id, severity, started_unix_us FROM anomaly
    WHERE customer_id = $13 AND (severity, started_unix_us, id) < ($7, $8, $9)
      AND (cardinality($1) = 0 OR state = ANY ($1))
      AND (cardinality($2) = 0 OR severity = ANY ($2))
      AND (cardinality($3) = 0 OR type = ANY ($3))
      AND ($4 = '' OR metric_name = $4)
      AND ($11 OR standing = 1) AND ($12::uuid IS NULL OR leader_id = $12)
      AND detected_unix_us >= $5 AND detected_unix_us < $6
    ORDER BY severity DESC, started_unix_us DESC, id DESC
    LIMIT $10
    """
}
