internal import PointsContract
internal import Postgres
internal import RPC
internal import SeriesContract
internal import SeriesModel
internal import SeriesStore

extension IngestCalls {
  func getCustomer(
    _ request: GetCustomerRequest, context: CallContext
  ) async throws(RPCError) -> GetCustomerResponse {
    do {
      var response = GetCustomerResponse()
      response.customer = SeriesContract.Customer(try await customer(request.customer))
      return response
    } catch {
      throw RPCError(error, while: "get customer")
    }
  }

  /// The customer of a UUID or of the business's own key.
  func customer(_ text: String) async throws -> SeriesModel.Customer {
    guard !text.isEmpty else {
      throw RPCError(
        .invalidArgument, field: "customer", reason: "missing", "customer is missing")
    }
    let id = CustomerIdentity.id(externalID: text)
    let rows = try await pool.query(
      """
      SELECT customer_id, external_id, name, segment, region, owner, zone, annual_value, version
      FROM customer WHERE customer_id = $1
      """, [.uuid(high: id.high, low: id.low)])
    guard let row = rows.first else {
      throw RPCError(
        .notFound, field: "customer", reason: "unknown_customer",
        "no customer is called \(quoted(text))")
    }
    return SeriesModel.Customer(catalogueRow: row)
  }

  func listCustomers(
    _ request: ListCustomersRequest, context: CallContext
  ) async throws(RPCError) -> ListCustomersResponse {
    let size = try Self.pageSize(request.page)
    let token = request.page?.pageToken ?? ""
    var after = CustomerID(high: 0, low: 0)
    if !token.isEmpty {
      guard let uuid = WireUUID(text: token) else { throw Self.badToken }
      after = CustomerID(uuid)
    }
    do {
      let rows = try await pool.query(
        """
        SELECT customer_id, external_id, name, segment, region, owner, zone, annual_value, version
        FROM customer
        WHERE (customer_id > $1 OR $2) AND ($3 = '' OR segment = $3) AND ($4 = '' OR owner = $4)
        ORDER BY customer_id LIMIT $5
        """,
        [
          .uuid(high: after.high, low: after.low), .bool(token.isEmpty), .text(request.segment),
          .text(request.owner), .int64(Int64(size + 1)),
        ])
      let customers = rows.prefix(size).map { SeriesModel.Customer(catalogueRow: $0) }
      var response = ListCustomersResponse()
      response.customers = customers.map { SeriesContract.Customer($0) }
      if rows.count > size, let last = customers.last {
        response.nextPageToken = last.id.wireUUID.text
      }
      return response
    } catch {
      throw RPCError(error, while: "list customers")
    }
  }

  func listMetrics(
    _ request: ListMetricsRequest, context: CallContext
  ) async throws(RPCError) -> ListMetricsResponse {
    let size = try Self.pageSize(request.page)
    let token = request.page?.pageToken ?? ""
    guard let after = token.isEmpty ? 0 : Int32(token) else { throw Self.badToken }
    do {
      let rows = try await pool.query(
        """
        SELECT metric_id, name, dimension_names, dimension_values, granularity, kind, polarity,
          decimal_places, on_arrival, unit, display_name
        FROM metric WHERE metric_id > $1 ORDER BY metric_id LIMIT $2
        """, [.int32(after), .int64(Int64(size + 1))])
      var response = ListMetricsResponse()
      response.metrics = rows.prefix(size).compactMap { SeriesModel.Metric(row: $0) }
        .map { SeriesContract.Metric($0) }
      if rows.count > size { response.nextPageToken = "\(rows[size - 1].int32(0))" }
      return response
    } catch {
      throw RPCError(error, while: "list metrics")
    }
  }

  private static func pageSize(_ page: Page?) throws(RPCError) -> Int {
    let asked = page?.pageSize ?? 0
    guard asked >= 0 else {
      throw RPCError(
        .invalidArgument, field: "page.page_size", reason: "out_of_range",
        "page.page_size may not be negative")
    }
    return asked == 0 ? 50 : min(Int(asked), 1_000)
  }

  private static var badToken: RPCError {
    RPCError(
      .invalidArgument, field: "page.page_token", reason: "bad_token",
      "page.page_token is none that this service gave")
  }

  /// The most buckets of one query.
  private static let queryBucketsLimit = 3_700

  /// The furthest bucket from 1970 that is asked for: 900 years of 5 minutes.
  private static let queryIndexLimit: Int32 = 100_000_000

  func queryPoints(
    _ request: QueryPointsRequest, context: CallContext
  ) async throws(RPCError) -> QueryPointsResponse {
    let width = Int64(request.toBucket) - Int64(request.fromBucket) + 1
    guard width > 0, width <= Self.queryBucketsLimit else {
      throw RPCError(
        .invalidArgument, field: "to_bucket", reason: "out_of_range",
        "from_bucket to to_bucket must be 1 to \(Self.queryBucketsLimit) buckets and is \(width)")
    }
    let reach = -Self.queryIndexLimit...Self.queryIndexLimit
    guard reach.contains(request.fromBucket), reach.contains(request.toBucket) else {
      throw RPCError(
        .invalidArgument, field: "from_bucket", reason: "out_of_range",
        "from_bucket and to_bucket must lie within \(Self.queryIndexLimit) of 1970")
    }
    do {
      let customer = try await customer(request.customer)
      let lookup = try await catalogue.metrics([request.metric])
      guard case .known(let metric) = lookup[0] else {
        throw RPCError(
          .notFound, field: "metric", reason: "unknown_metric",
          "no metric is called \(quoted(request.metric))")
      }
      let table = try await SeriesReader(pool: pool).slots(
        of: [SeriesKey(customer.id, metric.id)], metric.granularity, from: request.fromBucket,
        through: request.toBucket)
      var response = QueryPointsResponse()
      response.granularity = SeriesContract.Granularity(metric.granularity)
      for (step, value) in table.row(0).enumerated() where !value.isNaN {
        response.bucket.append(request.fromBucket + Int32(step))
        response.value.append(value)
      }
      return response
    } catch {
      throw RPCError(error, while: "query points")
    }
  }
}

extension SeriesModel.Customer {
  /// Reads the columns of the customer table in their order, without the shard.
  init(catalogueRow row: PostgresRow) {
    let id = row.uuid(0)
    self.init(
      id: CustomerID(high: id.high, low: id.low), externalID: row.text(1), name: row.text(2),
      segment: row.text(3), region: row.text(4), owner: row.text(5), zone: row.text(6),
      annualValue: row.double(7), version: row.int64(8))
  }
}
