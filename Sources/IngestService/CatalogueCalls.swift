internal import PointsContract
internal import Postgres
internal import RPC
internal import SeriesContract
internal import SeriesModel
internal import SeriesStore

extension IngestCalls {
  /// The most customers or metrics of one call.
  private static let entriesLimit = 10_000

  func putCustomers(
    _ request: PutCustomersRequest, context: CallContext
  ) async throws(RPCError) -> PutCustomersResponse {
    try Self.checkCount(request.customers.count, "customers")
    var customers: [CustomerID: SeriesModel.Customer] = [:]
    for (place, wire) in request.customers.enumerated() {
      let field = "customers[\(place)]"
      let id = CustomerIdentity.id(externalID: wire.externalID)
      let customer = try SeriesModel.Customer(wire, field: field, id: id)
      guard zones.zone(customer.zone) != nil else {
        throw RPCError(
          .invalidArgument, field: "\(field).zone", reason: "unknown_zone",
          "\(field).zone: no time zone is called \(quoted(customer.zone))")
      }
      guard customers.updateValue(customer, forKey: id) == nil else {
        throw RPCError(
          .invalidArgument, field: "\(field).external_id", reason: "duplicate_row",
          "\(field).external_id \(quoted(wire.externalID)) stands twice")
      }
    }
    let sorted = customers.values.sorted { $0.id < $1.id }
    do {
      let rows = try await pool.transaction { connection in
        try connection.execute(Self.putCustomersStatement, Self.columns(sorted))
      }
      var response = PutCustomersResponse()
      response.created = Int64(rows.count { $0.bool(0) })
      response.changed = Int64(rows.count) - response.created
      return response
    } catch {
      throw RPCError(error, while: "put customers")
    }
  }

  private static func checkCount(_ count: Int, _ field: String) throws(RPCError) {
    if count <= entriesLimit { return }
    throw RPCError(
      .invalidArgument, field: field, reason: "too_many",
      "\(field) may hold \(entriesLimit) entries and has \(count)")
  }

  private static func columns(_ customers: [SeriesModel.Customer]) -> [PostgresValue] {
    [
      .uuidArray(customers.map { PostgresUUID(high: $0.id.high, low: $0.id.low) }),
      .textArray(customers.map(\.externalID)), .textArray(customers.map(\.name)),
      .textArray(customers.map(\.segment)), .textArray(customers.map(\.region)),
      .textArray(customers.map(\.owner)), .textArray(customers.map(\.zone)),
      .doubleArray(customers.map(\.annualValue)), .int32Array(customers.map { Int32($0.id.shard) }),
    ]
  }

  private static let putCustomersStatement: PostgresStatement = """
    INSERT INTO customer AS known (customer_id, external_id, name, segment, region, owner, zone,
      annual_value, version, shard)
    SELECT customer_id, external_id, name, segment, region, owner, zone, annual_value, 1, shard
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
      $7::text[], $8::float8[], $9::int[])
      AS put(customer_id, external_id, name, segment, region, owner, zone, annual_value, shard)
    ON CONFLICT (customer_id) DO UPDATE SET
      name = EXCLUDED.name, segment = EXCLUDED.segment, region = EXCLUDED.region,
      owner = EXCLUDED.owner, zone = EXCLUDED.zone, annual_value = EXCLUDED.annual_value,
      version = known.version + 1
    WHERE (known.name, known.segment, known.region, known.owner, known.zone, known.annual_value)
      IS DISTINCT FROM (EXCLUDED.name, EXCLUDED.segment, EXCLUDED.region, EXCLUDED.owner,
        EXCLUDED.zone, EXCLUDED.annual_value)
    RETURNING xmax = 0
    """

  func putMetrics(
    _ request: PutMetricsRequest, context: CallContext
  ) async throws(RPCError) -> PutMetricsResponse {
    try Self.checkCount(request.metrics.count, "metrics")
    var metrics: [SeriesModel.Metric] = []
    var places: [String: Int] = [:]
    for (place, wire) in request.metrics.enumerated() {
      let field = "metrics[\(place)]"
      let metric = try SeriesModel.Metric(wire, field: field, requiresID: false)
      // What cannot be written in a batch of points could never be filled.
      guard MetricReference(metric.key)?.dimensions == metric.dimensions else {
        throw RPCError(
          .invalidArgument, field: "\(field).dimensions", reason: "bad_dimension",
          "\(field).dimensions: a name or value is empty or holds one of , = { }")
      }
      guard places.updateValue(place, forKey: metric.key) == nil else {
        throw RPCError(
          .invalidArgument, field: field, reason: "duplicate_row",
          "\(field) \(quoted(metric.key)) stands twice")
      }
      metrics.append(metric)
    }
    let wanted = metrics
    do {
      let known = try await pool.transaction { connection in
        try MetricTable.put(wanted, on: connection)
      }
      catalogue.forgetMetrics()
      var response = PutMetricsResponse()
      response.metrics = known.map { SeriesContract.Metric($0) }
      return response
    } catch {
      throw RPCError(error, while: "put metrics")
    }
  }
}
