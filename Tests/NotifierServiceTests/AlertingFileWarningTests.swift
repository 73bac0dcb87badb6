import Testing

@testable import NotifierService

@Suite("The file of routes: what surprises")
struct AlertingFileWarningTests {
  @Test func `budgets that hand the rest to each other are refused`() {
    let text = """
      receivers:
        - name: a
          \(AlertingFileTests.mail)
          budget: {limit: 1, per: 1d, digest: to-b}
        - name: b
          \(AlertingFileTests.mail)
          budget: {limit: 1, per: 1d, digest: to-a}
      digests:
        - {name: to-a, receiver: a, daily: "08:00"}
        - {name: to-b, receiver: b, daily: "08:00"}
      route: {receiver: a, routes: [{receiver: b, matchers: [region=x]}]}
      """
    #expect(
      AlertingFileTests.faults(text).contains(
        "routes.yaml:2:5: the budgets of a, b, a go in a circle"))
    // A digest takes no place in the budget of its own receiver.
    #expect(
      AlertingFileTests.faults(text.replacing("receiver: b, daily", with: "receiver: a, daily"))
        .isEmpty)
  }

  @Test(
    arguments: [
      (
        "      escalation: risk\n", "      escalation: risk\n      receiver: mail\n",
        "takes the place of receiver 'mail'"
      ),
      (
        "      digest: daily\n", "      digest: daily\n      escalation: risk\n",
        "what goes into a digest is never escalated"
      ),
      ("repeat_interval: 1h30m", "repeat_interval: 1m", "repeat_interval is shorter than"),
      (
        "  - name: nobody\n", "  - name: nobody\n  - name: other\n",
        "receiver 'other' is never used"
      ),
      ("digest: daily\n", "group_wait: 1s\n", "digest 'daily' is never used"),
      ("      escalation: risk\n", "", "escalation policy 'risk' is never used"),
      (
        "      continue: true\n    - matchers: ['region", "    - matchers: ['region",
        "is silent at times"
      ),
      ("    quiet_hours: nights\n", "", ""),
      ("[new-york-office]", "[nights]", "time interval 'new-york-office' is never used"),
      (
        "    digest: {weekly: \"friday 16:00\"}\n", "",
        "'immediate_severity' of 'ada' has no effect"
      ),
      ("[owner, 'role:cs_director', ada]", "['role:cs_director']", "ever means 'ada'"),
    ])
  func `what surprises is warned of`(old: String, new: String, warning: String) throws {
    let warnings = try AlertingFileTests.routes(AlertingFileTests.replacing(old, new)).warnings
    if warning.isEmpty {
      #expect(warnings.isEmpty, "\(warnings)")
    } else {
      #expect(warnings.contains { $0.contains(warning) }, "\(warnings)")
      #expect(
        warnings.allSatisfy { $0.wholeMatch(of: /routes.yaml:\d+:\d+: .+/) != nil }, "\(warnings)")
    }
  }

  @Test func `a warning of the tree has the place of its route`() throws {
    let text = """
      receivers: [{name: a}]
      route:
        receiver: a
        routes:
          - matchers: [severity=critical]
          - matchers: [severity=critical, region=x]
      """
    let warnings = try AlertingFileTests.routes(text).warnings
    #expect(warnings.count == 1)
    #expect(
      warnings.first?.hasPrefix("routes.yaml:6:7: route {}/{region=\"x\"") == true, "\(warnings)")
  }
}
