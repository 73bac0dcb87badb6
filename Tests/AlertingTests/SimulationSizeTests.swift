import SeriesModel
import Testing

@testable import Alerting

/// Sizes at which anything that grows with the square of the number would take many minutes.
@Suite("Ten thousand anomalies", .timeLimit(.minutes(1)))
struct SimulationSizeTests {
  private static let count: UInt64 = 10_000

  private func simulation(
    _ grouping: Grouping, _ scope: IncidentScope
  ) throws -> NotificationSimulation {
    let root = Route(
      receiver: "mail", grouping: grouping, groupWaitSeconds: 30, escalation: "ladder")
    let policy = try EscalationPolicy(
      name: "ladder",
      steps: [
        EscalationStep(receivers: ["mail"], deadlineSeconds: 600),
        EscalationStep(receivers: ["chat"], deadlineSeconds: 600),
      ])
    let names = RouteNames(receivers: ["mail", "chat"], escalations: ["ladder"])
    let rule = try InhibitionRule(
      name: "outage", sourceMatchers: [try Matcher(parsing: "severity=critical")],
      targetMatchers: [try Matcher(parsing: "severity=info")])
    let rules = ReceiverRules(incidentScope: scope)
    return NotificationSimulation(
      configuration: AlertingConfiguration(
        tree: try RouteTree(root: root, names: names), receivers: ["mail": rules, "chat": rules],
        inhibitions: [rule], escalations: ["ladder": policy]))
  }

  @Test(
    arguments: [
      (.labels([]), .group), (.labels([]), .anomaly), (.labels(["customer"]), .group),
    ] as [(Grouping, IncidentScope)])
  func `they are told, told to the next step and closed`(
    grouping: Grouping, scope: IncidentScope
  ) throws {
    var simulation = try simulation(grouping, scope)
    var items = 0
    func note(_ told: [SimulatedNotification], _ reason: NotificationReason) {
      #expect(told.allSatisfy { $0.reason == reason })
      items += told.reduce(0) { $0 + $1.items.count }
    }
    // Within the wait of one group, so that all are in its first message.
    for number in 0..<Self.count {
      var notice = Notice.numbered(number, customer: number)
      notice.detectedUnixMicroseconds = Int64(number)
      simulation.receive(notice, at: Int64(number))
    }
    note(simulation.advance(to: 60_000_000), .first)
    #expect(items == Int(Self.count))
    note(simulation.advance(to: 660_000_000), .escalation)
    #expect(items == 2 * Int(Self.count))
    for number in 0..<Self.count {
      var notice = Notice.numbered(number, .resolved, customer: number)
      notice.revision = 2
      simulation.receive(notice, at: 660_000_001)
    }
    note(simulation.advance(to: 2_000_000_000), .allResolved)
    #expect(items == 4 * Int(Self.count))
    #expect(simulation.nextMoment == nil)
    #expect(simulation.standings.values.allSatisfy { $0.disposition == .sent })
  }
}
