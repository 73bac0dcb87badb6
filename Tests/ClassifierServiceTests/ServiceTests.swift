import AnomalyContract
import FindingsContract
import RPC
import SeriesContract
import TestSupport
import Testing
import WorkQueue

@testable import ClassifierService

@Suite(
  "The classifier by its calls", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(1)))
struct ServiceTests {
  @Test("what a call opens is told to the notifier, and can be read, listed and explained")
  func walk() async throws {
    try await Laboratory.with { laboratory in
      try await House.with(laboratory) { house in
        let answer = try await house.classify(day: World.day, [30, 100, 250])
        #expect(answer.opened == 2)
        let again = try await house.classify(day: World.day, [30, 100, 250])
        #expect(again.opened == 0)
        #expect(again.alreadyKnown == 3)
        #expect(await house.told(2).sorted() == ["1/1/1", "1/1/1"])

        let list = try await house.client.listAnomalies(ListAnomaliesRequest())
        #expect(list.anomalies.map(\.type) == [.drop, .spike])
        let drop = try #require(list.anomalies.first)
        #expect(drop.summary == "70% drop in API calls at JFK")
        #expect(drop.actions == ["investigate", "contact_customer"])

        var get = GetAnomalyRequest()
        get.anomalyID = drop.id
        let byID = try await house.client.getAnomaly(get)
        #expect(byID.anomaly == drop)
        get.customerID = drop.customer?.id ?? []
        let byCustomer = try await house.client.getAnomaly(get)
        #expect(byCustomer.anomaly == drop)

        var evidence = GetEvidenceRequest()
        evidence.anomalyID = drop.id
        let found = try await house.client.getEvidence(evidence)
        #expect(found.modelVersion == "test-1")
        #expect(found.finding?.observed == 30)
        #expect(found.finding?.tests.first?.test == "score")
      }
    }
  }

  @Test("an answer that was lost with its process is given again, and nothing happens twice")
  func lostAnswer() async throws {
    try await Laboratory.with { laboratory in
      let notifier = FakeNotifier()
      try await House.with(laboratory, notifier: notifier) { house in
        _ = try await house.classify(day: World.day, [30, 100, 250])
      }
      let before = try await laboratory.all()
      try await House.with(laboratory, notifier: notifier) { house in
        let answer = try await house.classify(day: World.day, [30, 100, 250])
        #expect(answer.alreadyKnown == 3)
        #expect(await house.told(2).count == 2)
        #expect(try await laboratory.all() == before)
      }
    }
  }

  @Test("a notifier that is away is told later, in order, and nothing is set aside for it")
  func notifierAway() async throws {
    try await Laboratory.with { laboratory in
      let notifier = FakeNotifier()
      // Each attempt of a call may be refused, and a call has four.
      notifier.refuse(
        [RPCError](repeating: RPCError(.unavailable, "away"), count: 6))
      try await House.with(laboratory, notifier: notifier) { house in
        // Two days of trouble, and a week inside the band.
        let values = [30.0, 2] + Array(repeating: 100, count: 7)
        for (offset, value) in values.enumerated() {
          _ = try await house.classify(day: World.day + Int32(offset), [value])
        }
        #expect(await house.told(3) == ["1/1/1", "2/2/1", "3/3/4"])
        let aside = try await laboratory.store.queue.setAsideJobs()
        #expect(aside.isEmpty)
      }
    }
  }

  @Test("a dismissal by a call is told once and repeated without harm")
  func dismissal() async throws {
    try await Laboratory.with { laboratory in
      try await House.with(laboratory) { house in
        _ = try await house.classify(day: World.day, [30])
        let list = try await house.client.listAnomalies(ListAnomaliesRequest())
        var request = TransitionRequest()
        request.anomalyID = list.anomalies.first?.id ?? []
        request.verb = .dismiss
        request.actorID = WireUUID(high: 7, low: 8).bytes
        request.actorName = "Ada"
        request.reason = "planned migration"
        let first = try await house.client.transition(request)
        #expect(first.changed)
        #expect(first.anomaly?.state == .dismissed)
        let second = try await house.client.transition(request)
        #expect(!second.changed)
        #expect(second.anomaly == first.anomaly)
        #expect(await house.told(2) == ["1/1/1", "4/2/5"])
      }
    }
  }

  @Test("whoever has a name only dismisses under an identity made from it")
  func dismissalByName() async throws {
    try await Laboratory.with { laboratory in
      try await House.with(laboratory) { house in
        _ = try await house.classify(day: World.day, [30, 20])
        let list = try await house.client.listAnomalies(ListAnomaliesRequest())
        var actors: Set<[UInt8]> = []
        for anomaly in list.anomalies {
          var request = TransitionRequest()
          request.anomalyID = anomaly.id
          request.verb = .dismiss
          request.actorName = "the command line"
          let answer = try await house.client.transition(request)
          actors.insert(answer.anomaly?.dismissedBy ?? [])
        }
        #expect(actors.count == 1)
        #expect(actors.first?.count == 16)
      }
    }
  }

  @Test("what breaks the contract is refused with its status and the name of the field")
  func refusals() async throws {
    try await Laboratory.with { laboratory in
      try await House.with(laboratory) { house in
        #expect(await house.classifyRefusal() == "INVALID_ARGUMENT findings")
        let id = WireUUID(high: 1, low: 2).bytes
        #expect(await house.getRefusal([1, 2, 3]) == "INVALID_ARGUMENT anomaly_id")
        #expect(await house.getRefusal(id) == "NOT_FOUND anomaly_id")
        #expect(await house.listRefusal(pageSize: -1) == "INVALID_ARGUMENT page.page_size")
        #expect(
          await house.listRefusal(pageToken: "nonsense") == "INVALID_ARGUMENT page.page_token")
        #expect(await house.listRefusal(states: [.unspecified]) == "INVALID_ARGUMENT states[0]")
        #expect(await house.listRefusal() == "no refusal")
        #expect(await house.transitionRefusal(id, .unspecified) == "INVALID_ARGUMENT verb")
        #expect(await house.transitionRefusal(id, .resolve) == "NOT_FOUND anomaly_id")
        // The service goes on.
        let answer = try await house.classify(day: World.day, [30])
        #expect(answer.opened == 1)
      }
    }
  }
}

extension House {
  /// Status and field of a refusal.
  private func words(_ error: RPCError) -> String {
    "\(error.code.name) \(error.details.first?.field ?? "")"
  }

  fileprivate func classifyRefusal() async -> String {
    do throws(RPCError) {
      _ = try await client.classify(ClassifyRequest())
      return "no refusal"
    } catch {
      return words(error)
    }
  }

  fileprivate func getRefusal(_ id: [UInt8]) async -> String {
    var request = GetAnomalyRequest()
    request.anomalyID = id
    do throws(RPCError) {
      _ = try await client.getAnomaly(request)
      return "no refusal"
    } catch {
      return words(error)
    }
  }

  fileprivate func listRefusal(
    pageSize: Int32 = 5, pageToken: String = "", states: [AnomalyContract.AnomalyState] = []
  ) async -> String {
    var page = SeriesContract.Page()
    page.pageSize = pageSize
    page.pageToken = pageToken
    var request = ListAnomaliesRequest()
    request.page = page
    request.states = states
    do throws(RPCError) {
      _ = try await client.listAnomalies(request)
      return "no refusal"
    } catch {
      return words(error)
    }
  }

  fileprivate func transitionRefusal(
    _ id: [UInt8], _ verb: AnomalyContract.TransitionVerb
  ) async -> String {
    var request = TransitionRequest()
    request.anomalyID = id
    request.verb = verb
    do throws(RPCError) {
      _ = try await client.transition(request)
      return "no refusal"
    } catch {
      return words(error)
    }
  }
}
