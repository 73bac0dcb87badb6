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

private let scanPage = "/api/analytics/anomalies/scan"
private let dismissPage = "/api/analytics/anomalies/\(Anomaly.fixtureID(1))/dismiss"

@Suite("Gateway: scanning", .enabled(if: TestDatabase.isAvailable))
struct ScanningTests {
  @Test func `a scan runs for each granularity with series and tells its progress`() async throws {
    try await GatewayHouse.with { (house) async throws in
      let token = try await house.token()
      let answer = try await house.web.send(
        "POST", scanPage, token: token,
        body: #"{"customers":["dataflow"],"notify_history":true}"#)
      #expect(answer.status == 202)
      let place = try #require(answer.headers["location"])
      #expect(answer.json["operation"]?.stringValue == place)
      let started = house.baseline.started.withLock { $0 }
      #expect(started.map(\.granularity) == [.day, .week])
      #expect(started.allSatisfy { $0.notifyHistory && $0.customers == ["dataflow"] })
      #expect(Set(started.map(\.operationID)).count == 2)
      var progress = try await house.web.send("GET", place, token: token).json
      #expect(progress["done"] == false)
      #expect(progress["state"] == "running")
      #expect(progress["progress"]?.doubleValue == 0)
      house.baseline.scannedBuckets.withLock { $0 = 50 }
      progress = try await house.web.send("GET", place, token: token).json
      #expect(progress["progress"]?.doubleValue == 0.5)
      house.baseline.scannedBuckets.withLock { $0 = 100 }
      progress = try await house.web.send("GET", place, token: token).json
      #expect(progress["done"] == true)
      #expect(progress["state"] == "completed")
      #expect(progress["series"]?["due"] == 14)
      #expect(progress["findings"] == 4)
      #expect(try await house.audit().map(\.[0]) == ["scan.create"])
    }
  }

  @Test func `a key makes a repeat the same scan, and another body a mistake`() async throws {
    try await GatewayHouse.with { (house) async throws in
      let token = try await house.token()
      let key = ["Idempotency-Key: \"morning-1\""]
      let first = try await house.web.send(
        "POST", scanPage, token: token, body: "{}", headers: key)
      let again = try await house.web.send(
        "POST", scanPage, token: token, body: "{}", headers: key)
      #expect(first.status == 202)
      #expect(again.status == 202)
      #expect(again.body == first.body)
      #expect(house.baseline.started.withLock { $0.count } == 2)
      #expect(try await house.audit().count == 1)
      let other = try await house.web.send(
        "POST", scanPage, token: token, body: #"{"granularity":"day"}"#, headers: key)
      #expect(other.status == 422)
      #expect(other.code == "idempotency_key_reuse")
      let stranger = try await house.web.send(
        "POST", scanPage, token: house.token(name: "other"), body: "{}", headers: key)
      #expect(stranger.status == 202)
      #expect(stranger.body != first.body)
    }
  }

  @Test func `without a key each request is a scan of its own`() async throws {
    try await GatewayHouse.with { (house) async throws in
      let token = try await house.token()
      let first = try await house.web.send("POST", scanPage, token: token)
      let second = try await house.web.send("POST", scanPage, token: token)
      #expect(first.status == 202)
      #expect(first.body != second.body)
    }
  }

  @Test func `another's operation looks absent`() async throws {
    try await GatewayHouse.with { (house) async throws in
      let answer = try await house.web.send("POST", scanPage, token: house.token())
      let place = try #require(answer.headers["location"])
      let other = try await house.token(name: "other")
      for path in [place, "/api/v1/operations/nonsense"] {
        #expect(try await house.web.send("GET", path, token: other).status == 404)
      }
    }
  }

  @Test func `a dry run says what would run and starts nothing`() async throws {
    try await GatewayHouse.with { (house) async throws in
      let answer = try await house.web.send(
        "POST", scanPage, token: house.token(), body: #"{"dry_run":true}"#)
      #expect(answer.status == 200)
      #expect(
        answer.json["runs"] == [
          ["granularity": "day", "series": 7], ["granularity": "week", "series": 7],
        ])
      #expect(house.baseline.started.withLock { $0 }.isEmpty)
      #expect(try await house.audit().isEmpty)
    }
  }

  @Test func `a granularity without a closed bucket is left out, or refused when named`()
    async throws
  {
    try await GatewayHouse.with { (house) async throws in
      let token = try await house.token()
      let all = try await house.web.send("POST", scanPage, token: token)
      #expect(all.status == 202)
      #expect(house.baseline.started.withLock { $0.map(\.granularity) } == [.day, .week])
      let named = try await house.web.send(
        "POST", scanPage, token: token, body: #"{"granularity":"hour"}"#)
      #expect(named.status == 409)
      #expect(named.pointers == ["granularity"])
    }
  }

  @Test func `an unknown customer starts nothing and is named`() async throws {
    try await GatewayHouse.with { (house) async throws in
      let answer = try await house.web.send(
        "POST", scanPage, token: house.token(), body: #"{"customers":["dataflow","nobody"]}"#)
      #expect(answer.status == 404)
      #expect(answer.pointers == ["/customers/1"])
      #expect(house.baseline.started.withLock { $0 }.isEmpty)
    }
  }

  @Test("a bad body is named member by member")
  func badBodies() async throws {
    let cases: [(String, [String])] = [
      (#"{"customer":["a"]}"#, ["/customer"]), (#"{"customers":"a"}"#, ["/customers"]),
      (#"{"customers":["a",1,""]}"#, ["/customers/1", "/customers/2"]),
      (#"{"granularity":"month"}"#, ["/granularity"]), (#"{"granularity":7}"#, ["/granularity"]),
      (#"{"notify_history":"yes","dry_run":1}"#, ["/notify_history", "/dry_run"]),
      ("[1]", [""]), (#"{"a":1,"a":2}"#, [""]), (#"{"dry_run":"#, [""]), ("\u{1}", [""]),
      (String(repeating: "[", count: 200), [""]),
    ]
    try await GatewayHouse.with { (house) async throws in
      for (body, pointers) in cases {
        let answer = try await house.web.send("POST", scanPage, token: house.token(), body: body)
        #expect(answer.status == 400)
        #expect(answer.code == "invalid_argument")
        #expect(answer.pointers == pointers)
      }
    }
  }

  @Test("a bad key is refused")
  func badKeys() async throws {
    let cases: [String] = ["\"", "\"a", "\"\"", "a\"b", "\"a\\\"b\""]
    try await GatewayHouse.with { (house) async throws in
      for key in cases {
        let answer = try await house.web.send(
          "POST", scanPage, token: house.token(), body: "{}", headers: ["Idempotency-Key: \(key)"])
        #expect(answer.status == 400)
        #expect(answer.pointers == ["Idempotency-Key"])
      }
    }
  }
}

@Suite("Gateway: dismissing", .enabled(if: TestDatabase.isAvailable))
struct DismissingTests {
  @Test func `a dismissal is kept once, with who said it and why`() async throws {
    try await GatewayHouse.with { (house) async throws in
      house.classifier.anomalies.withLock { $0 = [.fixture()] }
      let token = try await house.token()
      let body = #"{"reason":"planned","comment":"told us","verdict":"expected_event"}"#
      let first = try await house.web.send("PUT", dismissPage, token: token, body: body)
      let again = try await house.web.send("PUT", dismissPage, token: token, body: body)
      #expect(first.status == 200)
      #expect(first.json["state"] == "dismissed")
      #expect(first.json["dismiss_reason"] == "planned")
      #expect(first.json["dismissed_at"] == "2026-11-21T08:02:03.000Z")
      #expect(again.status == 200)
      #expect(again.body == first.body)
      let wish = try #require(house.classifier.wishes.withLock { $0.first })
      #expect(wish.verb == .dismiss)
      #expect(wish.actorName == "test")
      #expect(wish.comment == "told us")
      let audit = try await house.audit()
      #expect(audit.count == 1)
      #expect(audit.first?[0] == "anomaly.dismiss")
      #expect(audit.first?[1] == "anomaly/\(Anomaly.fixtureID(1))")
      #expect(audit.first?[2].contains("expected_event") == true)
    }
  }

  @Test("a bad dismissal is named")
  func badBodies() async throws {
    let cases: [(String, [String])] = [
      ("{}", ["/reason"]), (#"{"reason":" "}"#, ["/reason"]), (#"{"reason":7}"#, ["/reason"]),
      (#"{"reason":"a","verdict":"maybe"}"#, ["/verdict"]),
      (#"{"reason":"a","note":"b"}"#, ["/note"]),
      (#"{"reason":"a\u0000b"}"#, ["/reason"]),
      ("{\"reason\":\"\(String(repeating: "x", count: 5_000))\"}", ["/reason"]),
    ]
    try await GatewayHouse.with { (house) async throws in
      for (body, pointers) in cases {
        house.classifier.anomalies.withLock { $0 = [.fixture()] }
        let answer = try await house.web.send("PUT", dismissPage, token: house.token(), body: body)
        #expect(answer.status == 400)
        #expect(answer.pointers == pointers)
        #expect(house.classifier.wishes.withLock { $0 }.isEmpty)
      }
    }
  }

  @Test func `an anomaly that is not there is not found`() async throws {
    try await GatewayHouse.with { (house) async throws in
      let token = try await house.token()
      for id in [Anomaly.fixtureID(9), "nonsense"] {
        let answer = try await house.web.send(
          "PUT", "/api/analytics/anomalies/\(id)/dismiss", token: token, body: #"{"reason":"x"}"#)
        #expect(answer.status == 404)
      }
      #expect(try await house.audit().isEmpty)
    }
  }

  @Test func `a state that forbids it is a conflict`() async throws {
    try await GatewayHouse.with { (house) async throws in
      let token = try await house.token()
      house.mood.fail(with: RPCError(.failedPrecondition, "the anomaly was withdrawn"))
      let answer = try await house.web.send(
        "PUT", dismissPage, token: token, body: #"{"reason":"x"}"#)
      #expect(answer.status == 409)
      #expect(answer.code == "state_conflict")
    }
  }
}
