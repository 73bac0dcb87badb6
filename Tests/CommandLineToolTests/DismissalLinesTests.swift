import Classification
import ClassifierService
import SeriesModel
import Testing

@testable import CommandLineTool

@Suite("Dismissals under an explanation")
struct DismissalLinesTests {
  private func dismissed(by actor: ActorID, reason: String = "") -> Anomaly {
    var anomaly = Anomaly(
      id: AnomalyID(high: 1, low: 2),
      customer: Customer(id: CustomerID(high: 1, low: 2), externalID: "c1"),
      metric: Metric(id: MetricID(1), name: "calls", granularity: .day, kind: .count),
      type: .drop, severity: .warning, intent: .risk, state: .dismissed, startBucket: 100,
      endBucket: 101, baselineValue: 100, actualValue: 20, detectedUnixMicroseconds: 0,
      summary: "calls dropped", possibleCause: "", actions: [], revision: 2, reach: Reach())
    anomaly.dismissal = Dismissal(
      atUnixMicroseconds: 1_700_000_000_000_000, by: actor, reason: reason)
    return anomaly
  }

  @Test func `when, by whom and why is told`() {
    #expect(
      DismissalLines.line(
        dismissed(by: NamedActor.id(of: "tidemark command line"), reason: "planned\nmove"))
        == "calls dropped: on 2023-11-14T22:13:20Z by the command line: planned move")
    #expect(
      DismissalLines.line(dismissed(by: ActorID(high: 1, low: 2)))
        == "calls dropped: on 2023-11-14T22:13:20Z by 00000000-0000-0001-0000-000000000002")
  }
}
