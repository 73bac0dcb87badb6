import AnomalyContract
import Classification
import RPC
import SeriesContract
import SeriesModel
import Testing

@Suite("Anomalies on the wire")
struct AnomalyContractTests {
  static let anomaly = Classification.Anomaly(
    id: AnomalyID(high: 1, low: 2), customer: SeriesContractTests.customer,
    metric: SeriesContractTests.metric, type: .levelDown, severity: .critical, intent: .risk,
    state: .dismissed, startBucket: -3, endBucket: 9, baselineValue: 45_000, actualValue: 15_000,
    score: 2.5, detectedUnixMicroseconds: 5, resolvedUnixMicroseconds: 6,
    dismissal: Dismissal(atUnixMicroseconds: 7, by: ActorID(high: 3, low: 4), reason: "planned"),
    summary: "67% drop", possibleCause: "migration", actions: [.investigate, .contactCustomer],
    revision: 4,
    reach: Reach(
      scope: .customer, leader: AnomalyID(high: 5, low: 6), members: ["logins", "exports"],
      memberCount: 2, seriesCount: 7))

  @Test("a change comes back as it was, with the figures that only the wire carries")
  func roundTrip() throws {
    let change = Classification.AnomalyChange(
      kind: .dismissed, anomaly: Self.anomaly, changedUnixMicroseconds: 8)
    let wire = try AnomalyContract.AnomalyChange(
      wireBytes: try AnomalyContract.AnomalyChange(change).wireBytes())
    #expect(try Classification.AnomalyChange(wire) == change)
    #expect(wire.anomaly?.durationBuckets == 13)
    // Releases before did not know of a scope: theirs were series.
    var older = try #require(wire.anomaly)
    older.scope = .unspecified
    #expect(try Classification.Anomaly(older).reach.scope == .series)
    #expect(wire.anomaly?.hasDeviationPercent == true)
    #expect(wire.anomaly.map { Int($0.deviationPercent) } == -66)
  }

  @Test("no percentage is given where nothing was expected")
  func noPercentage() {
    var anomaly = Self.anomaly
    anomaly.baselineValue = 0
    #expect(!AnomalyContract.Anomaly(anomaly).hasDeviationPercent)
  }

  @Test("every word of the domain has its number on the wire, and the other way")
  func words() throws {
    for type in Classification.AnomalyType.allCases {
      #expect(try Classification.AnomalyType(.init(type), field: "") == type)
    }
    for state in Classification.AnomalyState.allCases {
      #expect(try Classification.AnomalyState(.init(state), field: "") == state)
    }
    for kind in Classification.AnomalyChangeKind.allCases {
      #expect(try Classification.AnomalyChangeKind(.init(kind), field: "") == kind)
    }
    #expect(AnomalyContract.Severity(Classification.Severity.critical) == .critical)
    #expect(AnomalyContract.Intent(Classification.Intent.dataQuality) == .dataQuality)
    #expect(AnomalyContract.TransitionVerb(Classification.TransitionVerb.reopen) == .reopen)
  }

  @Test("what breaks the contract is refused by the name of its field")
  func refusals() {
    func refusal(_ change: (inout AnomalyContract.Anomaly) -> Void) -> String? {
      var wire = AnomalyContract.Anomaly(Self.anomaly)
      change(&wire)
      do throws(RPCError) {
        _ = try Classification.Anomaly(wire)
        return nil
      } catch {
        #expect(error.code == .invalidArgument)
        return error.details.first?.field
      }
    }
    #expect(refusal { $0.id = [] } == "anomaly.id")
    #expect(refusal { $0.customer = nil } == "anomaly.customer")
    #expect(refusal { $0.metric?.name = "" } == "anomaly.metric.name")
    #expect(refusal { $0.severity = .unspecified } == "anomaly.severity")
    #expect(refusal { $0.type = .init(rawValue: 300) } == "anomaly.type")
    #expect(refusal { $0.endBucket = -4 } == "anomaly.end_bucket")
    #expect(refusal { $0.actualValue = .infinity } == "anomaly.actual_value")
    #expect(refusal { $0.dismissedBy = [1] } == "anomaly.dismissed_by")
    #expect(refusal { $0.actions = ["of_a_newer_release"] } == nil)
  }
}
