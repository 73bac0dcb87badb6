import AnomalyContract
import EvidenceContract
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

private let listing = "/api/customers/dataflow/usage/anomalies"

@Suite("Gateway: listing", .enabled(if: TestDatabase.isAvailable))
struct ListingTests {
  @Test func `an anomaly is shown with all that the chat says of it`() async throws {
    try await GatewayHouse.with { (house) async throws in
      house.classifier.anomalies.withLock { $0 = [.fixture()] }
      let answer = try await house.web.send("GET", listing, token: house.token())
      #expect(answer.status == 200)
      #expect(answer.headers["content-type"] == "application/json")
      #expect(answer.json["next_page_token"] == "")
      #expect(answer.json["customer"]?["name"] == "DataFlow Systems")
      let anomaly = try #require(answer.json["anomalies"]?[0])
      #expect(anomaly["id"]?.stringValue == Anomaly.fixtureID(1))
      #expect(anomaly["customer"]?["id"] == "01020304-0506-0708-090a-0b0c0d0e0f10")
      #expect(anomaly["severity"] == "critical")
      #expect(anomaly["display"] == "Critical")
      #expect(anomaly["type"] == "drop")
      #expect(anomaly["state"] == "open")
      #expect(anomaly["what_changed"] == "67% drop in API calls")
      #expect(anomaly["duration"]?["text"] == "5 days")
      #expect(anomaly["baseline"] == ["value": 45_000, "text": "45,000/day"])
      #expect(anomaly["baseline_to_actual"] == "45,000/day -> Actual: 15,000/day")
      #expect(anomaly["deviation_percent"]?.doubleValue == -66.67)
      #expect(anomaly["possible_cause"] == "Integration issue or migration")
      #expect(
        anomaly["actions"] == [
          ["id": "investigate", "label": "Investigate"],
          ["id": "contact_customer", "label": "Contact Customer"],
        ])
      #expect(anomaly["detected_at"] == "2026-11-21T08:00:00.000Z")
      #expect(anomaly["dismissed_at"] == nil as JSONValue)
    }
  }

  @Test func `good news has a mark of its own and no baseline gives no percentage`() async throws {
    try await GatewayHouse.with { (house) async throws in
      var good = Anomaly.fixture()
      good.intent = .opportunity
      good.type = .spike
      good.severity = .info
      good.baselineValue = 0
      good.hasDeviationPercent = false
      house.classifier.anomalies.withLock { $0 = [good] }
      let answer = try await house.web.send("GET", listing, token: house.token())
      let anomaly = try #require(answer.json["anomalies"]?[0])
      #expect(anomaly["display"] == "Positive")
      #expect(anomaly["severity"] == "info")
      #expect(anomaly["deviation_percent"]?.isNull == true)
    }
  }

  @Test func `filters reach the classifier`() async throws {
    try await GatewayHouse.with { (house) async throws in
      let path =
        listing + "?status=open,recovering&severity=critical&severity=warning&type=level_down"
        + "&metric=api_calls&from=2026-11-01&to=2026-11-21T08:00:00Z&page_size=5000"
      #expect(try await house.web.send("GET", path, token: house.token()).status == 200)
      let question = try #require(house.classifier.questions.withLock { $0.first })
      #expect(question.customerID == FakeIngest.customerID)
      #expect(question.states == [.open, .recovering])
      #expect(question.severities == [.critical, .warning])
      #expect(question.types == [.levelDown])
      #expect(question.metric == "api_calls")
      #expect(question.detectedFromUnixUs == 1_793_491_200_000_000)
      #expect(question.detectedToUnixUs == 1_795_248_000_000_000)
      #expect(question.page?.pageSize == 1_000)
    }
  }

  @Test func `pages follow one another until there is no more`() async throws {
    try await GatewayHouse.with { (house) async throws in
      house.classifier.anomalies.withLock { $0 = (1...5).map { .fixture($0) } }
      let token = try await house.token()
      var path = listing + "?page_size=2"
      var ids: [String] = []
      for _ in 0..<3 {
        let answer = try await house.web.send("GET", path, token: token)
        ids += answer.json["anomalies"]?.arrayValue?.compactMap { $0["id"]?.stringValue } ?? []
        let next = answer.json["next_page_token"]?.stringValue ?? ""
        path = listing + "?page_size=2&page_token=\(next)"
        if next.isEmpty { break }
      }
      #expect(ids == (1...5).map { Anomaly.fixtureID($0) })
    }
  }

  @Test func `a page token is refused when made up, changed or used for another question`()
    async throws
  {
    try await GatewayHouse.with { (house) async throws in
      house.classifier.anomalies.withLock { $0 = (1...5).map { .fixture($0) } }
      let token = try await house.token()
      let first = try await house.web.send("GET", listing + "?page_size=2", token: token)
      let next = try #require(first.json["next_page_token"]?.stringValue)
      for bad in ["nonsense", "AAAA", next + "A", "B" + next.dropFirst(), "2"] {
        let answer = try await house.web.send("GET", listing + "?page_token=\(bad)", token: token)
        #expect(answer.status == 400)
        #expect(answer.pointers == ["page_token"])
      }
      let other = try await house.web.send(
        "GET", listing + "?status=open&page_token=\(next)", token: token)
      #expect(other.pointers == ["page_token"])
    }
  }

  @Test("a bad parameter is named")
  func badParameters() async throws {
    let cases: [(String, String)] = [
      ("severity=loud", "severity"), ("status=open,", "status"), ("type=", "type"),
      ("page_size=-1", "page_size"), ("page_size=many", "page_size"), ("metric=", "metric"),
      ("from=yesterday", "from"), ("to=2026-02-30", "to"), ("from=2026-02-02&to=2026-02-01", "to"),
      ("limit=5", "limit"), ("metric=a&metric=b", "metric"),
    ]
    try await GatewayHouse.with { (house) async throws in
      for (query, name) in cases {
        let answer = try await house.web.send("GET", listing + "?" + query, token: house.token())
        #expect(answer.status == 400)
        #expect(answer.headers["content-type"] == "application/problem+json")
        #expect(answer.code == "invalid_argument")
        #expect(answer.pointers == [name])
      }
    }
  }

  @Test func `an unknown customer is told apart from one without anomalies`() async throws {
    try await GatewayHouse.with { (house) async throws in
      let token = try await house.token()
      let unknown = try await house.web.send(
        "GET", "/api/customers/no%22body/usage/anomalies", token: token)
      #expect(unknown.status == 404)
      #expect(unknown.code == "not_found")
      #expect(unknown.json["type"] == "https://errors.tidemark.example/not-found")
      #expect(unknown.json["detail"]?.stringValue?.contains("no\"body") == true)
      #expect(unknown.json["trace_id"]?.stringValue?.utf8.count == 32)
      let quiet = try await house.web.send("GET", listing, token: token)
      #expect(quiet.status == 200)
      #expect(quiet.json["anomalies"] == [])
    }
  }

  @Test func `an external id may hold slashes and spaces, and a UUID serves as well`() async throws
  {
    try await GatewayHouse.with { (house) async throws in
      let token = try await house.token()
      for id in ["a%2Fb%20c", "01020304-0506-0708-090a-0b0c0d0e0f10"] {
        let path = "/api/customers/\(id)/usage/anomalies"
        #expect(try await house.web.send("GET", path, token: token).status == 200)
      }
    }
  }

  @Test func `a trace goes on into the calls to backends`() async throws {
    try await GatewayHouse.with { (house) async throws in
      let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
      _ = try await house.web.send(
        "GET", listing, token: house.token(),
        headers: ["traceparent: 00-\(trace)-00f067aa0ba902b7-01"])
      #expect(house.ingest.traces.withLock { $0 } == [trace])
      let refused = try await house.web.send(
        "GET", listing, headers: ["traceparent: 00-\(trace)-00f067aa0ba902b7-01"])
      #expect(refused.json["trace_id"]?.stringValue == trace)
    }
  }

  @Test("a backend's failure has its status, without the backend's words")
  func backendFailures() async throws {
    // Those that make the balancer put a backend aside come last.
    let cases: [(StatusCode, Int, String)] = [
      (.internal, 500, "internal"), (.unauthenticated, 500, "internal"),
      (.permissionDenied, 500, "internal"), (.unimplemented, 501, "not_implemented"),
      (.resourceExhausted, 503, "upstream_unavailable"),
      (.deadlineExceeded, 504, "deadline_exceeded"),
      (.unavailable, 503, "upstream_unavailable"),
    ]
    try await GatewayHouse.with { (house) async throws in
      let token = try await house.token()
      for (code, status, word) in cases {
        house.mood.fail(with: RPCError(code, "table secrets is on fire"))
        let answer = try await house.web.send("GET", listing, token: token)
        #expect(answer.status == status)
        #expect(answer.code == word)
        #expect(!answer.body.contains("secrets"))
        if answer.status == 503 { #expect(answer.headers["retry-after"] == "2") }
      }
    }
  }
}
