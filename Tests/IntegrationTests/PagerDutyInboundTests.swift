import Cryptography
import Integration
import JSON
import PagerDutyIntegration
import ServiceRuntime
import Testing

@Suite("What PagerDuty tells us")
struct PagerDutyInboundTests {
  private static let old = Redacted("an old secret of the subscription")
  private static let new = Redacted("a new secret of the subscription")

  /// A body of the documented form, with what is changed in its event.
  private static func body(
    _ type: String = "incident.acknowledged", key: String = OutgoingMessage.thread,
    _ change: (inout JSONObject) -> Void = { _ in }
  ) -> [UInt8] {
    let person: JSONValue = [
      "id": "PLH1HKV", "type": "user_reference", "summary": "Zoë Engineer",
      "self": "https://api.pagerduty.com/users/PLH1HKV",
      "html_url": "https://acme.pagerduty.com/users/PLH1HKV",
    ]
    var event: JSONObject = [
      "id": "01CELD6T9C2JS745I7CAK0LRRF", "event_type": .string(type),
      "resource_type": "incident", "occurred_at": "2013-02-08T14:05:00.169Z", "agent": person,
      "client": ["name": "PagerDuty"],
      "data": [
        "id": "PGR0VU2", "type": "incident", "number": 2, "status": "acknowledged",
        "html_url": "https://acme.pagerduty.com/incidents/PGR0VU2", "incident_key": .string(key),
        "title": "[Critical] DataFlow Systems: 67% drop in API calls", "assignees": [person],
        "priority": ["id": "PSO75BM", "type": "priority_reference", "summary": "P1"],
        "urgency": "high", "resolve_reason": nil,
      ],
    ]
    change(&event)
    return JSONValue.object(["event": .object(event)]).encodedBytes()
  }

  private static func signature(_ body: [UInt8], _ secret: Redacted<String>) -> String {
    "v1=" + Hexadecimal.encode(HMACSHA256.code(for: body, key: Array(secret.secret.utf8)))
  }

  private func failure(
    _ body: [UInt8], _ header: String, _ secrets: [Redacted<String>] = [Self.new]
  ) -> PagerDutyInbound.Failure.Code? {
    do throws(PagerDutyInbound.Failure) {
      _ = try PagerDutyInbound.verify(body, signatureHeader: header, secrets: secrets)
      return nil
    } catch {
      return error.code
    }
  }

  @Test(arguments: PagerDutyInbound.Kind.allCases)
  func `what people do about an incident is read`(kind: PagerDutyInbound.Kind) throws {
    let body = Self.body(kind.rawValue)
    let events = try PagerDutyInbound.verify(
      body, signatureHeader: Self.signature(body, Self.new), secrets: [Self.new])
    let event = try #require(events.first)
    #expect(events.count == 1)
    #expect(event.kind == kind)
    #expect(event.id == "01CELD6T9C2JS745I7CAK0LRRF")
    #expect(event.threadKey == OutgoingMessage.thread)
    #expect(event.incident == "PGR0VU2")
    #expect(event.link == "https://acme.pagerduty.com/incidents/PGR0VU2")
    #expect(event.unixMicroseconds == 1_360_332_300_169_000)
    #expect(event.agent == "Zoë Engineer")
    #expect(event.assignees == ["Zoë Engineer"])
    #expect(event.priority == "P1")
  }

  @Test func `during a rotation either secret and either signature will do`() throws {
    let body = Self.body()
    let (old, new) = (Self.signature(body, Self.old), Self.signature(body, Self.new))
    for header in [old, new, "\(old),\(new)", "\(new), \(old)", "v2=00,\(new)", "v1=zz,\(old)"] {
      #expect(failure(body, header, [Self.old, Self.new]) == nil, "\(header)")
    }
    #expect(failure(body, "\(old),\(new)", [Self.new]) == nil)
    #expect(failure(body, old, [Self.new]) == .unsigned)
  }

  @Test func `nothing is believed that is not signed for these very bytes`() throws {
    let body = Self.body()
    let good = Self.signature(body, Self.new)
    let digits = String(good.dropFirst(3))
    for header in [
      "", "v1=", "v1", digits, "v0=\(digits)", "v1=\(digits.dropLast())", "v1=\(digits)00",
      "v1=\(String(digits.reversed()))", "v1 = \(digits)", "v1=\(digits)\u{0}",
    ] {
      #expect(failure(body, header) == .unsigned, "\(header)")
    }
    #expect(failure(body, good, []) == .unsigned)
    // An empty secret is none: anybody could sign with it.
    let empty = Redacted("")
    #expect(failure(body, Self.signature(body, empty), [empty]) == .unsigned)
    #expect(failure(body + [0x20], good) == .unsigned)
    #expect(failure([UInt8](repeating: 0x20, count: 262_145), good) == .tooLarge)
  }

  @Test func `at most 16 signatures are looked at`() throws {
    let body = Self.body()
    let good = Self.signature(body, Self.new)
    let bad = "v1=" + String(repeating: "0", count: 64)
    func header(_ count: Int) -> String {
      (Array(repeating: bad, count: count) + [good]).joined(separator: ",")
    }
    #expect(failure(body, header(15)) == nil)
    #expect(failure(body, header(16)) == .unsigned)
  }

  @Test func `what is of no interest is taken and leaves nothing`() throws {
    let foreign = "d3640fbd41094207a1c11e58e46b1662"
    let bodies = [
      Self.body("incident.annotated"), Self.body("incident.triggered"), Self.body("pagey.ping"),
      Self.body("service.updated") { $0["data"] = ["id": "PF9KMXH", "type": "service"] },
      Self.body(key: foreign), Self.body(key: "tm1:" + foreign),
      Self.body(key: OutgoingMessage.thread.uppercased()),
      Self.body { $0["data"] = ["id": "PGR0VU2", "incident_key": nil] },
    ]
    for body in bodies {
      let events = try PagerDutyInbound.verify(
        body, signatureHeader: Self.signature(body, Self.new), secrets: [Self.new])
      #expect(events.isEmpty)
    }
  }

  @Test func `who did nothing by hand has no name`() throws {
    let body = Self.body("incident.unacknowledged") { event in
      event["agent"] = .null
      event["client"] = .null
      var data = event["data"]?.objectValue ?? [:]
      data["assignees"] = []
      data["priority"] = .null
      data["html_url"] = "javascript:alert(1)"
      event["data"] = .object(data)
    }
    let event = try #require(
      try PagerDutyInbound.verify(
        body, signatureHeader: Self.signature(body, Self.new), secrets: [Self.new]
      ).first)
    #expect(event.agent == nil && event.priority == nil && event.link == nil)
    #expect(event.assignees.isEmpty)
  }

  @Test func `what is signed and not of the form is named`() throws {
    let bodies = [
      Array("{".utf8), Array("[]".utf8), Array("{\"event\":1}".utf8), [0xff, 0xfe],
      Self.body { $0["occurred_at"] = "yesterday" }, Self.body { $0["id"] = "" },
      Self.body { $0["event_type"] = 7 },
      Self.body { $0["id"] = .string(String(repeating: "x", count: 1_025)) },
    ]
    for body in bodies { #expect(failure(body, Self.signature(body, Self.new)) == .malformed) }
  }
}
