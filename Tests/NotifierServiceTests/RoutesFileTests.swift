import Alerting
import Egress
import EmailIntegration
import Foundation
import PagerDutyIntegration
import Testing

@testable import NotifierService

@Suite("The file of routes")
struct RoutesFileTests {
  private func routes(_ text: String, key: String = Bench.key) throws -> Routes {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "tidemark-routes-\(UUID().uuidString)/")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let secret = folder.appending(path: "pager.key").path
    try (key + "\n").write(toFile: secret, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: secret)
    return try Routes(parsing: Array(text.utf8), name: "routes.yaml", folder: folder.path + "/")
  }

  private func faults(_ text: String, key: String = Bench.key) -> [String] {
    do {
      _ = try routes(text, key: key)
      return []
    } catch let error as RoutesError {
      return error.faults
    } catch {
      return ["\(error)"]
    }
  }

  static let good = """
    receivers:
      - name: on-call
        pagerduty: {routing-key-file: pager.key, events-per-minute: 60}
        minimum-severity: critical
        send-resolved: false
      - name: owner
        email:
          smarthost: smtp://mail.example.org
          from: tidemark@example.org
          to: [owner, archive@example.org]
          fallback-to: team@example.org
      - name: nobody
    directory:
      CSM East: east@example.org
    route:
      receiver: owner
      routes:
        - matchers: ['severity="critical"', 'intent!="opportunity"']
          receiver: on-call
          continue: true
        - matchers: [segment=~"trial|free"]
          receiver: nobody
        - receiver: owner
    """

  @Test func `a good file is read whole`() throws {
    let routes = try routes(Self.good)
    let pager = try #require(routes.receivers["on-call"])
    #expect(
      pager.rules
        == ReceiverRules(
          minimumSeverity: .critical, pages: true, wantsResolved: false, incidentScope: .anomaly,
          holdsIncidents: true))
    guard let settings = pager.way as? PagerDutySettings else {
      Issue.record("not PagerDuty")
      return
    }
    #expect(settings.url == "https://events.pagerduty.com/v2/enqueue")
    #expect(settings.eventsPerMinute == 60)
    #expect("\(settings)".contains("<redacted>") && !"\(settings)".contains(Bench.key))
    guard let mail = try #require(routes.receivers["owner"]).way as? EmailSettings else {
      Issue.record("not mail")
      return
    }
    #expect(mail.server.port == 587 && mail.server.protection == .startTLS)
    #expect(mail.addresses(owner: "CSM East") == ["east@example.org", "archive@example.org"])
    #expect(mail.addresses(owner: "ada@example.org") == ["ada@example.org", "archive@example.org"])
    #expect(mail.addresses(owner: "nobody") == ["team@example.org", "archive@example.org"])
    let found = try #require(routes.tree).matches([
      "severity": "critical", "intent": "risk", "segment": "trial",
    ])
    #expect(found.map(\.receiver) == ["on-call", "nobody"])
  }

  @Test(
    arguments: [
      ("receivers: [", "routes.yaml:2:1:"),
      ("receivers:\n  - name: a\nroutes: {}\n", "routes.yaml:3:1: unknown key 'routes'"),
      ("receivers:\n  - name: a\n", "the key 'route' is missing"),
      (
        "receivers:\n  - name: a\n    pagerdutty: {}\nroute: {receiver: a}",
        "routes.yaml:3:5: unknown key 'pagerdutty'"
      ),
      (
        "receivers:\n  - name: a\nroute: {receiver: b}",
        "routes.yaml:3:9: receiver 'b' does not exist"
      ),
      ("receivers:\n  - name: a\nroute: {}", "the root route needs a receiver"),
      (
        "receivers: [{name: a}]\nroute: {receiver: a, matchers: [a=b]}",
        "must not have matchers"
      ),
      ("receivers: [{name: a}]\nroute: {receiver: a, continue: true}", "must not have 'continue'"),
      (
        "receivers: [{name: a}]\nroute:\n  receiver: a\n  routes:\n    - matchers: ['severity=~\"(\"']",
        "routes.yaml:5:18: at character 2: a '(' without its ')'"
      ),
      (
        "receivers: [{name: a}]\nroute:\n  receiver: a\n  routes:\n    - matchers: ['severitty=critical']",
        "routes.yaml:5:18: label 'severitty' does not exist"
      ),
      ("receivers: [{name: a}, {name: a}]\nroute: {receiver: a}", "receiver 'a' stands twice"),
      (
        "receivers: [{name: a, pagerduty: {}}]\nroute: {receiver: a}",
        "'routing-key-file' is missing"
      ),
      (
        "receivers: [{name: a, pagerduty: {routing-key-file: none}}]\nroute: {receiver: a}",
        "No such file"
      ),
      (
        "receivers: [{name: a, email: {smarthost: mail, from: a@b.c, to: owner}}]\nroute: {receiver: a}",
        "'smarthost' must be smtp://host:port"
      ),
      (
        "receivers: [{name: a, email: {smarthost: smtp://m, from: x, to: owner}}]\nroute: {receiver: a}",
        "'from' must be a plain mail address"
      ),
      (
        "receivers: [{name: a, email: {smarthost: smtp://m, from: a@b.c, to: [boss]}}]\nroute: {receiver: a}",
        "'to' takes mail addresses and the word owner"
      ),
      (
        "receivers: [{name: a, email: {smarthost: smtp://m, from: a@b.c, to: owner, username: x}}]\n"
          + "route: {receiver: a}",
        "'username' and 'password-file' go together"
      ),
      (
        "receivers: [{name: a, minimum-severity: high}]\nroute: {receiver: a}",
        "routes.yaml:1:23: 'minimum-severity' must be info, warning or critical"
      ),
      ("receivers: 3\nroute: {receiver: a}", "'receivers' must be a list"),
    ])
  func `a bad file is refused with line and column`(text: String, fault: String) {
    let faults = faults(text)
    #expect(faults.contains { $0.contains(fault) }, "\(faults)")
    #expect(faults.allSatisfy { $0.hasPrefix("routes.yaml:") }, "\(faults)")
  }

  @Test func `all faults are told together`() {
    let faults = faults(
      """
      receivers:
        - name: a
          email: {smarthost: x, from: y, to: z}
      route:
        receiver: b
        routes:
          - {matchers: [bad], receiver: c}
      """)
    #expect(faults.count == 6, "\(faults)")
  }

  @Test(arguments: ["short", "0123456789abcdef0123456789abcde!", String(repeating: "é", count: 16)])
  func `a routing key has 32 letters and digits, and is never shown`(key: String) {
    let faults = faults(Self.good, key: key)
    #expect(faults.count == 1)
    #expect(faults.first?.contains("32 letters and digits") == true)
    #expect(faults.first?.contains(key) == false)
  }

  @Test func `a file that is not there is named`() {
    #expect(throws: RoutesError.self) { try Routes(file: "/nowhere/routes.yaml") }
  }

  @Test func `templates are read, and a place that does not exist is named with its line`() throws {
    let file = try routes(
      """
      receivers: [{name: nobody}]
      route: {receiver: nobody}
      templates:
        subject: "{customer} lost {change}"
        actions: {contact_customer: "Call them"}
      """)
    #expect(file.alerting.templates.subject != nil)
    #expect(file.alerting.templates.actions == ["contact_customer": "Call them"])
    let found = faults(
      """
      receivers: [{name: nobody}]
      route: {receiver: nobody}
      templates:
        sentence: "{custommer}"
        footer: x
      """)
    #expect(found.contains { $0.hasPrefix("routes.yaml:4:13: there is no {custommer}") })
    #expect(found.contains { $0.hasPrefix("routes.yaml:5:3: unknown key 'footer'") })
  }
}
