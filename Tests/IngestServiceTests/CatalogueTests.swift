import IngestService
import PointsContract
import RPC
import SeriesContract
import SeriesModel
import TestSupport
import Testing

@Suite("Catalogues of ingest", .enabled(if: TestDatabase.isAvailable))
struct CatalogueTests {
  @Test func `a customer is found by its key and by its identity, and changes its version`()
    async throws
  {
    try await IngestFixture.with { ingest in
      var request = GetCustomerRequest()
      request.customer = "acme"
      let first = try #require(try await ingest.client.getCustomer(request).customer)
      #expect(first.version == 1 && first.name == "ACME")
      request.customer = WireUUID(bytes: first.id)?.text ?? ""
      #expect(try await ingest.client.getCustomer(request).customer == first)
      var put = PutCustomersRequest()
      put.customers = [IngestFixture.customer("acme"), IngestFixture.customer("delta")]
      put.customers[0].segment = "large"
      let answer = try await ingest.client.putCustomers(put)
      #expect(answer.created == 1 && answer.changed == 1)
      let again = try await ingest.client.putCustomers(put)
      #expect(again.created == 0 && again.changed == 0)
      #expect(try await ingest.client.getCustomer(request).customer?.version == 2)
    }
  }

  @Test func `what cannot be a customer or a metric is refused by field`() async throws {
    try await IngestFixture.with { ingest in
      var customers = PutCustomersRequest()
      customers.customers = [IngestFixture.customer("x"), IngestFixture.customer("y")]
      customers.customers[1].zone = "../../etc/passwd"
      let zone = await #expect(throws: RPCError.self) {
        try await ingest.client.putCustomers(customers)
      }
      #expect(zone?.details.first?.field == "customers[1].zone")
      var unknown = GetCustomerRequest()
      unknown.customer = "x"
      let missing = await #expect(throws: RPCError.self) {
        try await ingest.client.getCustomer(unknown)
      }
      #expect(missing?.code == .notFound, "nothing half stored")
      var metrics = PutMetricsRequest()
      metrics.metrics = [IngestFixture.metric("logins", granularity: .week)]
      let fixed = await #expect(throws: RPCError.self) {
        try await ingest.client.putMetrics(metrics)
      }
      #expect(fixed?.code == .failedPrecondition)
      metrics.metrics = [IngestFixture.metric("m", dimensions: ["a": "b,c"])]
      let comma = await #expect(throws: RPCError.self) {
        try await ingest.client.putMetrics(metrics)
      }
      #expect(comma?.details.first?.field == "metrics[0].dimensions")
    }
  }

  @Test func `lists go on where the page before ended`() async throws {
    try await IngestFixture.with { ingest in
      var request = ListCustomersRequest()
      var page = Page()
      page.pageSize = 2
      request.page = page
      let first = try await ingest.client.listCustomers(request)
      #expect(first.customers.count == 2 && !first.nextPageToken.isEmpty)
      page.pageToken = first.nextPageToken
      request.page = page
      let second = try await ingest.client.listCustomers(request)
      #expect(second.customers.count == 1 && second.nextPageToken.isEmpty)
      let names = Set((first.customers + second.customers).map(\.externalID))
      #expect(names == ["acme", "beta", "gamma"])
      var metrics = ListMetricsRequest()
      metrics.page = page
      metrics.page?.pageToken = "not a token"
      await #expect(throws: RPCError.self) { try await ingest.client.listMetrics(metrics) }
      metrics.page?.pageToken = ""
      #expect(try await ingest.client.listMetrics(metrics).nextPageToken == "2")
    }
  }

  @Test(arguments: [
    (Int32.min, Int32.min), (.max, .max), (0, 3_700), (1, 0), (.min, .max),
  ])
  func `a query beyond its limits is refused and the service stays up`(from: Int32, to: Int32)
    async throws
  {
    try await IngestFixture.with { ingest in
      var query = QueryPointsRequest()
      query.customer = "acme"
      query.metric = "logins"
      query.fromBucket = from
      query.toBucket = to
      let error = await #expect(throws: RPCError.self) {
        try await ingest.client.queryPoints(query)
      }
      #expect(error?.code == .invalidArgument)
      let values = try await ingest.values("acme", "logins")
      #expect(values.isEmpty)
    }
  }

  @Test func `a query for what is not there says which`() async throws {
    try await IngestFixture.with { ingest in
      for (customer, metric, reason) in [
        ("nobody", "logins", "unknown_customer"), ("acme", "nothing", "unknown_metric"),
      ] {
        let error = await #expect(throws: RPCError.self) {
          try await ingest.values(customer, metric)
        }
        #expect(error?.code == .notFound && error?.details.first?.code == reason)
      }
    }
  }

  @Test func `the identity of a key is its UUID, or one made of its hash`() {
    let uuid = "0b6c27b6-62ad-4b3c-8a43-6f0e1f1d2a5b"
    #expect(CustomerIdentity.id(externalID: uuid).wireUUID.text == uuid)
    #expect(CustomerIdentity.id(externalID: uuid.uppercased()).wireUUID.text == uuid)
    let made = CustomerIdentity.id(externalID: "acme").wireUUID.text
    #expect(made == CustomerIdentity.id(externalID: "acme").wireUUID.text)
    let characters = Array(made)
    #expect(characters[14] == "8" && "89ab".contains(characters[19]))
    #expect(made != CustomerIdentity.id(externalID: "acme ").wireUUID.text)
  }
}
