import AnomalyContract
import EvidenceContract
import GatewayContract
import GatewayService
import JSON
import Locking
import PointsContract
import Postgres
import RPC
import SeriesContract
import ServiceRuntime
import TestSupport
import Testing

@Suite("Gateway: HTTP edge", .enabled(if: TestDatabase.isAvailable))
struct EdgeTests {
  @Test func `every answer carries the headers that guard it`() async throws {
    try await GatewayHouse.with { (house) async throws in
      for path in ["/", "/openapi.json", "/api/customers/dataflow/usage/anomalies", "/%zz"] {
        let answer = try await house.web.send("GET", path)
        #expect(answer.headers["x-content-type-options"] == "nosniff")
        #expect(answer.headers["cache-control"] == "no-store")
        #expect(answer.headers["content-security-policy"]?.contains("default-src 'none'") == true)
        #expect(answer.headers["strict-transport-security"] != nil)
      }
    }
  }

  @Test("a method that the page has not is told which it has")
  func methods() async throws {
    let cases: [(String, String, String)] = [
      ("DELETE", "/api/customers/dataflow/usage/anomalies", "GET, HEAD"),
      ("GET", "/api/analytics/anomalies/scan", "POST"),
      ("POST", "/api/analytics/anomalies/x/dismiss", "PUT"),
    ]
    try await GatewayHouse.with { (house) async throws in
      for (method, path, allow) in cases {
        let answer = try await house.web.send(method, path, token: house.token())
        #expect(answer.status == 405)
        #expect(answer.headers["allow"] == allow)
        #expect(answer.headers["content-type"] == "application/problem+json")
      }
    }
  }

  @Test("a path that names no page is not found")
  func paths() async throws {
    let cases: [String] = [
      "/", "/api", "/api/customers/a/usage", "/api/customers//usage/anomalies",
      "/api/customers/a/usage/anomalies/", "/api/../api/analytics/anomalies/scan",
      "/metrics", "/healthz",
    ]
    try await GatewayHouse.with { (house) async throws in
      for path in cases {
        #expect(try await house.web.send("GET", path, token: house.token()).status == 404)
      }
    }
  }

  @Test func `HEAD answers like GET without a body`() async throws {
    try await GatewayHouse.with { (house) async throws in
      let answer = try await house.web.send(
        "HEAD", "/api/customers/dataflow/usage/anomalies", token: house.token())
      #expect(answer.status == 200)
      #expect(answer.body.isEmpty)
    }
  }

  @Test func `a body of another type or beyond its limit is refused`() async throws {
    try await GatewayHouse.with { (house) async throws in
      let token = try await house.token()
      let page = "/api/analytics/anomalies/scan"
      let form = try await house.web.send(
        "POST", page, token: token, body: "a=b",
        headers: ["Content-Type: application/x-www-form-urlencoded"])
      #expect(form.status == 415)
      #expect(form.code == "unsupported_media_type")
      let typed = try await house.web.send(
        "POST", page, token: token, body: "{}",
        headers: ["Content-Type: Application/JSON; charset=utf-8"])
      #expect(typed.status == 202)
      let huge = try await house.web.send(
        "POST", page, token: token, body: String(repeating: " ", count: 3_000_000))
      #expect(huge.status == 413)
      #expect(huge.code == "payload_too_large")
      #expect(huge.headers["content-type"] == "application/problem+json")
    }
  }

  @Test func `the description names the pages that are served`() async throws {
    try await GatewayHouse.with { (house) async throws in
      let answer = try await house.web.send("GET", "/openapi.json")
      #expect(answer.status == 200)
      #expect(answer.json["openapi"] == "3.1.0")
      #expect(
        answer.json["paths"]?.objectValue?.keys == [
          "/api/customers/{id}/usage/anomalies", "/api/analytics/anomalies/scan",
          "/api/analytics/anomalies/{id}/dismiss", "/api/v1/operations/{id}",
        ])
    }
  }

  @Test func `requests are counted by page and status`() async throws {
    try await GatewayHouse.with { (house) async throws in
      _ = try await house.web.send("GET", "/nothing")
      let text = await house.registry.exposition()
      #expect(
        text.contains(#"tidemark_gateway_http_requests_total{page="unknown",status="404"} 1"#))
    }
  }

  @Test func `a database that is away is no reason to fall`() async throws {
    try await GatewayHouse.with { (house) async throws in
      let token = try await house.token()
      let admin = house.database.adminPool()
      _ = try await admin.query("ALTER TABLE gateway.service_token RENAME TO elsewhere")
      let path = "/api/customers/dataflow/usage/anomalies"
      #expect(try await house.web.send("GET", path, token: token).status == 500)
      _ = try await admin.query("ALTER TABLE gateway.elsewhere RENAME TO service_token")
      #expect(try await house.web.send("GET", path, token: token).status == 200)
    }
  }
}

@Suite("Gateway: RPC", .enabled(if: TestDatabase.isAvailable))
struct GatewayCallTests {
  private func options(_ token: String) -> CallOptions {
    CallOptions(metadata: ["authorization": "Bearer \(token)"])
  }

  @Test func `the three calls do what the three pages do`() async throws {
    try await GatewayHouse.with { (house) async throws in
      house.classifier.anomalies.withLock { $0 = [.fixture()] }
      let options = options(try await house.token())
      var listing = ListCustomerAnomaliesRequest()
      listing.customer = "dataflow"
      listing.severities = [.critical]
      let listed = try await house.calls.listCustomerAnomalies(listing, options: options)
      #expect(listed.anomalies == [.fixture()])
      #expect(house.classifier.questions.withLock { $0.first?.severities } == [.critical])
      var scan = ScanAnomaliesRequest()
      scan.granularity = .day
      scan.idempotencyKey = "k"
      let first = try await house.calls.scanAnomalies(scan, options: options)
      #expect(try await house.calls.scanAnomalies(scan, options: options) == first)
      #expect(house.baseline.started.withLock { $0.count } == 1)
      var question = GetOperationRequest()
      question.operationID = first.operationID
      house.baseline.scannedBuckets.withLock { $0 = 100 }
      let progress = try await house.calls.getOperation(question, options: options)
      #expect(progress.done && progress.progress == 1 && progress.findings == 2)
      var dismissal = DismissAnomalyRequest()
      dismissal.anomalyID = Anomaly.fixture().id
      dismissal.reason = "planned"
      let dismissed = try await house.calls.dismissAnomaly(dismissal, options: options)
      #expect(dismissed.anomaly?.state == .dismissed)
      #expect(try await house.audit().map(\.[3]) == ["rpc", "rpc"])
    }
  }

  @Test func `every call needs a token with its scope`() async throws {
    try await GatewayHouse.with { (house) async throws in
      let reader = try await house.token([.readAnomalies])
      for (token, code) in [
        ("tm_nonsense", StatusCode.unauthenticated), (reader, .permissionDenied),
      ] {
        let error = await #expect(throws: RPCError.self) {
          try await house.calls.scanAnomalies(ScanAnomaliesRequest(), options: options(token))
        }
        #expect(error?.code == code)
      }
      let error = await #expect(throws: RPCError.self) {
        try await house.calls.getOperation(GetOperationRequest())
      }
      #expect(error?.code == .unauthenticated)
    }
  }

  @Test func `bad requests are refused by name`() async throws {
    try await GatewayHouse.with { (house) async throws in
      let options = options(try await house.token())
      func refusal(_ change: (inout ListCustomerAnomaliesRequest) -> Void) async -> RPCError? {
        var request = ListCustomerAnomaliesRequest()
        request.customer = "dataflow"
        request.page = Page()
        change(&request)
        let asked = request
        return await #expect(throws: RPCError.self) {
          try await house.calls.listCustomerAnomalies(asked, options: options)
        }
      }
      let missing = await refusal { $0.customer = "" }
      #expect(missing?.code == .invalidArgument && missing?.message.contains("customer") == true)
      let unknown = await refusal { $0.customer = "nobody" }
      #expect(unknown?.code == .notFound && unknown?.message.contains("nobody") == true)
      let negative = await refusal { $0.page?.pageSize = -1 }
      #expect(negative?.message.contains("page_size") == true)
      let foreign = await refusal { $0.page?.pageToken = "nonsense" }
      #expect(foreign?.code == .invalidArgument && foreign?.details.first?.field == "page_token")
      var dismissal = DismissAnomalyRequest()
      dismissal.anomalyID = [1, 2, 3]
      dismissal.reason = "x"
      let wish = dismissal
      let short = await #expect(throws: RPCError.self) {
        try await house.calls.dismissAnomaly(wish, options: options)
      }
      #expect(short?.code == .invalidArgument && short?.details.first?.field == "anomaly_id")
    }
  }
}
