import JSON
import Testing

@testable import CommandLineTool

@Suite("tidemark check-config and tidemark routes")
struct RoutesCommandTests {
  static let mail = """
      - name: mail
        email: {smarthost: 'smtp://mail.example.org', from: t@example.org, to: owner}
      - name: desk
        email: {smarthost: 'smtp://mail.example.org', from: t@example.org, to: d@example.org}
    """

  static let routes = """
    receivers:
    \(mail)
      - name: managers
        people: [owner, 'role:director']
      - name: nobody
    time_intervals:
      - name: nights
        time_intervals: [{times: [{start_time: "00:00", end_time: "06:00"}]}]
    people:
      - {name: ada, email: ada@example.org, channels: [mail], quiet_hours: nights, zone: UTC}
      - {name: grace, roles: [director], email: grace@example.org, channels: [mail], zone: UTC}
    escalation_policies:
      - name: risk
        steps:
          - {receivers: [managers], delivery_slo: 5m, acknowledge_within: 1h}
          - {receivers: [desk], delivery_slo: 30m}
    digests: [{name: day, receiver: desk, daily: "08:00"}]
    route:
      receiver: desk
      group_by: [customer]
      group_wait: 1m
      routes:
        - {matchers: ['intent="risk"', 'severity!="info"'], escalation: risk}
        - {matchers: ['segment="trial"'], receiver: nobody}
        - {matchers: ['severity="info"'], digest: day}
        - {matchers: ['region="night"'], receiver: desk, mute_time_intervals: [nights], continue: true}
    """

  private func run(_ words: [String]) async -> (Int32, Screen) {
    let screen = Screen()
    let code = await CommandLineMain.run(
      words, environment: ["TIDEMARK_CLIENT_CONFIG": ""], terminal: screen.terminal)
    return (code, screen)
  }

  private func test(_ words: [String], at time: String = "2026-03-02T10:00:00Z") async throws
    -> JSONValue
  {
    var answer = JSONValue.null
    try await withFolder { folder in
      let file = try folder.file("routes.yaml", Self.routes)
      let (code, screen) = await run(
        ["routes", "test", "--file", file, "--at", time, "--format", "json"] + words)
      #expect(code == 0, "\(screen.aside)")
      answer = try JSONValue(parsing: screen.output)
    }
    return answer
  }

  @Test func `a good file is good, and what surprises in it is shown`() async throws {
    try await withFolder { folder in
      let file = try folder.file("routes.yaml", Self.routes)
      let (code, screen) = await run(["check-config", file])
      #expect(code == 0)
      #expect(screen.output.contains("good, with 0 warnings: 4 receivers, 5 routes, 2 people"))
      let odd = Self.routes.replacing("  - name: nobody", with: "  - name: nobody\n  - name: other")
      let (second, other) = await run(["check-config", try folder.file("odd.yaml", odd)])
      #expect(second == 0)
      #expect(other.output.contains("odd.yaml:9:5: receiver 'other' is never used (warning)"))
    }
  }

  @Test func `every fault of a bad file is shown with its place`() async throws {
    try await withFolder { folder in
      let bad = Self.routes.replacing("group_wait: 1m", with: "group_wait: soon")
        .replacing("escalation: risk", with: "escalation: rissk")
      let file = try folder.file("bad.yaml", bad)
      let (code, screen) = await run(["check-config", file])
      #expect(code == 1)
      let lines = screen.output.split(separator: "\n")
      #expect(lines.count == 2, "\(screen.output)")
      #expect(lines.allSatisfy { $0.hasPrefix("\(file):") })
      #expect(await run(["check-config", "/nowhere/routes.yaml"]).0 == 1)
    }
  }

  @Test func `a trial shows path, people, first message and escalation`() async throws {
    let answer = try await test(["severity=critical", "customer=acme", "owner=ada"])
    let route = try #require(answer["routes"]?[0])
    #expect(route["path"]?.stringValue == "{}/{intent=\"risk\",severity!=\"info\"}/0")
    #expect(route["escalation"]?.stringValue == "risk")
    let told = try #require(route["receivers"]?.arrayValue)
    #expect(told.map { $0["person"]?.stringValue } == ["ada", "grace"])
    for one in told {
      #expect(one["verdict"]?.stringValue == "told")
      #expect(one["first_message"]?.stringValue == "2026-03-02T10:01:00Z")
      #expect(one["channels"] == ["mail"])
      #expect(one["group_key"]?.stringValue?.hasSuffix(":{customer=\"acme\"}") == true)
    }
    let steps = try #require(answer["escalation"]?.arrayValue)
    #expect(
      steps.map { $0["at"]?.stringValue } == ["2026-03-02T10:01:00Z", "2026-03-02T11:01:00Z"])
    #expect(steps[1]["reason"]?.stringValue == "not acknowledged")
    #expect(steps[1]["receivers"]?[0]?["receiver"]?.stringValue == "desk")
  }

  @Test func `a trial at night shows who waits and who does not`() async throws {
    let words = ["severity=warning", "customer=acme", "owner=ada"]
    let answer = try await test(words, at: "2026-03-02T02:00:00Z")
    let told = try #require(answer["routes"]?[0]?["receivers"]?.arrayValue)
    #expect(told[0]["verdict"]?.stringValue == "held")
    #expect(told[0]["until"]?.stringValue == "2026-03-02T06:00:00Z")
    let first = try #require(told[0]["first_message"]?.stringValue)
    #expect(first >= "2026-03-02T06:00:00Z" && first < "2026-03-02T06:06:00Z")
    #expect(told[1]["verdict"]?.stringValue == "told")
  }

  @Test func `a trial says when nobody is told, and why`() async throws {
    let trial = try await test(["intent=neutral", "segment=trial"])
    #expect(trial["nowhere"] == ["receiver 'nobody' has no way to be reached"])
    let digest = try await test(["severity=info"])
    let one = try #require(digest["routes"]?[0]?["receivers"]?[0])
    #expect(one["verdict"]?.stringValue == "digested" && one["digest"]?.stringValue == "day")
    #expect(one["first_message"]?.isNull == true)
    let muted = try await test(
      ["intent=neutral", "region=night"], at: "2026-03-02T02:00:00Z")
    let held = try #require(muted["routes"]?[0]?["receivers"]?[0])
    #expect(held["verdict"]?.stringValue == "muted")
    #expect(held["cause"]?.stringValue == "within nights")
  }

  @Test func `a trial in words`() async throws {
    try await withFolder { folder in
      let file = try folder.file("routes.yaml", Self.routes)
      let (code, screen) = await run(
        [
          "routes", "test", "--file", file, "--at", "2026-03-02T02:00:00Z", "severity=warning",
          "owner=ada",
        ])
      #expect(code == 0)
      #expect(screen.output.contains("\n  -> managers: ada: held (quiet hours of ada) until"))
      #expect(screen.output.contains("-> managers: grace: told by mail, first message"))
      #expect(screen.output.contains("escalation risk, if nobody acknowledges"))
    }
  }

  @Test(
    arguments: [
      (["routes", "fly"], "the works are test and diff"),
      (["routes", "test", "a=b"], "test needs --file"),
      (["routes", "test", "--file", "x", "severity"], "is not of the form label=value"),
      (["routes", "test", "--file", "x", "color=red"], "there is no label \"color\""),
      (["routes", "test", "--file", "x", "severity=bad"], "severity is one of info, warning"),
      (["routes", "test", "--file", "x", "state=resolved"], "what is over is not told"),
      (
        ["routes", "test", "--file", "x", "anomaly_type=drop", "direction=up"],
        "has the direction \"down\""
      ),
      (["routes", "test", "--file", "x", "region=a", "region=b"], "region stands twice"),
      (["routes", "test", "--file", "x", "--at", "noon"], "must be a time such as"),
      (["routes", "diff", "one"], "diff takes two files"),
    ])
  func `a command line that cannot be understood is told so`(words: [String], reason: String)
    async
  {
    let (code, screen) = await run(words)
    #expect(code == 2)
    #expect(screen.aside.contains(reason), "\(screen.aside)")
  }

  /// An anomaly as `tidemark rpc` writes it.
  private static func anomaly(_ last: Int, severity: Int = 3, resolved: Bool = true) -> String {
    // Sixteen bytes in base64, of which the last four characters count.
    let id = "AAAAAAAAAAAAAAAAAAAA" + ["AA==", "AQ==", "Ag=="][last]
    return """
      {"id":"\(id)","customer":{"id":"\(id)","externalId":"acme","owner":"ada"},\
      "metric":{"id":1,"name":"calls","granularity":"GRANULARITY_DAY","kind":"METRIC_KIND_COUNT",\
      "polarity":"POLARITY_UP_IS_GOOD"},"type":1,"severity":\(severity),"intent":1,\
      "state":\(resolved ? 4 : 1),"detectedUnixUs":"1772445600000000",\
      "resolvedUnixUs":"\(resolved ? 1_772_532_000_000_000 : 0)","summary":"67% drop in calls",\
      "revision":2,"durationBuckets":"1","baselineValue":3,"actualValue":1}
      """
  }

  @Test func `a comparison says who would get more and who would get less`() async throws {
    try await withFolder { folder in
      let old = try folder.file("old.yaml", Self.routes)
      let new = try folder.file(
        "new.yaml",
        Self.routes.replacing(
          "{receivers: [managers], delivery", with: "{receivers: [desk], delivery"
        )
        .replacing(
          "{receivers: [desk], delivery_slo: 30m}",
          with: "{receivers: [managers], delivery_slo: 30m}"))
      let over = try folder.file(
        "anomalies.ndjson",
        Self.anomaly(0) + "\n{\"anomalies\":[\(Self.anomaly(1, severity: 1))]}\n\n")
      let words = ["routes", "diff", old, new, "--over", over]
      let (code, screen) = await run(words + ["--format", "json"])
      #expect(code == 0, "\(screen.aside)")
      let answer = try JSONValue(parsing: screen.output)
      #expect(answer["anomalies"]?.integerValue == 2 && answer["changes"]?.integerValue == 4)
      let rows = try #require(answer["receivers"]?.arrayValue)
      #expect(rows.map { $0["receiver"]?.stringValue } == ["desk", "managers", "managers"])
      // Nothing is lost to everybody: the step after the first tells those who were first before.
      #expect(answer["told_to_nobody_any_more"] == [])
      #expect(rows[0]["old"]?["digested"]?.integerValue == 1)
      let (again, same) = await run(["routes", "diff", old, old, "--over", over])
      #expect(again == 0)
      #expect(same.output.contains("nobody is told anything else"))
      let less = try folder.file(
        "less.yaml", Self.routes.replacing(", escalation: risk}", with: ", receiver: nobody}"))
      let fewer = await run(["routes", "diff", old, less, "--over", over]).1
      #expect(fewer.output.contains("told to nobody any more: 1"), "\(fewer.output)")
      #expect(fewer.output.contains("acme: 67% drop in calls"))
    }
  }

  @Test func `a line that is no anomaly is named`() async throws {
    try await withFolder { folder in
      let file = try folder.file("routes.yaml", Self.routes)
      let over = try folder.file("bad.ndjson", Self.anomaly(0) + "\n{\"colour\":1}\n")
      let (code, screen) = await run(["routes", "diff", file, file, "--over", over])
      #expect(code == 1)
      #expect(screen.aside.contains("bad.ndjson:2:"), "\(screen.aside)")
      #expect(
        await run(["routes", "diff", file, file]).1.aside.contains("no address of classifier"))
    }
  }
}
