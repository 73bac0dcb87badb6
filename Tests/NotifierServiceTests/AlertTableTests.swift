import Alerting
import Foundation
import SeriesModel
import Testing

@testable import NotifierService

@Suite("The alert table that is shipped")
struct AlertTableTests {
  static func routes() throws -> Routes {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "compose/alert-table.yaml")
    return try Routes(file: file.path)
  }

  private static func notice(
    _ metric: String, _ kind: MetricKind, _ type: String, _ severity: NoticeSeverity,
    _ granularity: Granularity = .day, intent: NoticeIntent = .risk
  ) -> Notice {
    Notice(
      anomaly: AnomalyReference(high: 1, low: 2), revision: 1, kind: .opened,
      customer: Customer(
        id: CustomerID(high: 0, low: 1), externalID: "acme", owner: "ada@example.org"),
      metric: metric, metricKind: kind, type: type, severity: severity, intent: intent,
      state: "open", start: Bucket(granularity, 0), durationBuckets: 1, baseline: 80, actual: 20,
      summary: "x", detectedUnixMicroseconds: 0, changedUnixMicroseconds: 0)
  }

  @Test func `it is read without a fault or a surprise`() throws {
    #expect(try Self.routes().warnings == [])
  }

  @Test(
    arguments: [
      (notice("health_score", .gauge, "drop", .warning), ["ada", "grace"], 300),
      (notice("health_score{part=a}", .gauge, "level_down", .critical), ["ada", "grace"], 300),
      (notice("usage_minutes", .count, "drop", .critical), ["ada"], 3_600),
      (
        notice("revenue_actual", .money, "drop", .warning, .week), ["grace", "frances"], 14_400
      ),
      (
        notice("revenue_actual", .money, "spike", .warning, .week, intent: .opportunity),
        ["grace", "frances"], 14_400
      ),
      (notice("churn_risk", .ratio, "spike", .warning), ["ada", "eve"], 1_800),
    ] as [(Notice, [String], Int64)])
  func `each event comes to whom the table says, in time`(
    notice: Notice, people: [String], seconds: Int64
  ) throws {
    let alerting = try Self.routes().alerting
    let trial = RoutingTrial(notice, alerting, at: 0)
    #expect(trial.answers.map(\.destination.person) == people)
    #expect(trial.nowhere.isEmpty)
    for answer in trial.answers {
      #expect(answer.verdict == .tell && answer.choice == .send(["mail"]))
      #expect(answer.groupKey.hasSuffix(":{customer=\"acme\"}"))
      let first = try #require(answer.firstSend)
      #expect(first <= seconds * 1_000_000)
    }
    let step = try #require(trial.steps.first)
    #expect(step.deliveredBy - step.at == seconds * 1_000_000)
    #expect(step.acknowledgedBy - step.at == seconds * 1_000_000)
    // Nobody has answered: somebody else is asked.
    #expect(trial.steps.count == 2 && trial.steps[1].reason == .notAcknowledged)
    #expect(trial.steps[1].at == step.acknowledgedBy)
    #expect(Set(trial.steps[1].destinations.map(\.person)).isDisjoint(with: people))
  }

  @Test(
    arguments: [
      notice("usage_minutes", .count, "drop", .warning),
      notice("usage_minutes", .count, "spike", .critical),
      notice("health_score", .gauge, "spike", .warning),
      notice("health_score", .gauge, "drop", .info),
      notice("churn_risk", .ratio, "drop", .warning, intent: .opportunity),
    ])
  func `the rest waits for the digest of the day`(notice: Notice) throws {
    let alerting = try Self.routes().alerting
    let trial = RoutingTrial(notice, alerting, at: 0)
    #expect(trial.answers.map(\.digest) == ["day"])
    #expect(trial.answers.map(\.firstSend) == [nil])
    #expect(trial.steps.isEmpty)
  }
}
