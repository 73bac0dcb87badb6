import Glibc
import Locking
import ServiceRuntime
import TestSupport
import Testing

/// Writes down what happens to several services, and lets tests wait for it.
final class Diary: Sendable {
  private struct State {
    var entries: [String] = []
    var waiters: [(String, CheckedContinuation<Void, Never>)] = []
  }

  private let state = Locked(State())

  var entries: [String] { state.withLock { $0.entries } }

  func note(_ entry: String) {
    let woken = state.withLock { state in
      state.entries.append(entry)
      let woken = state.waiters.filter { $0.0 == entry }
      state.waiters.removeAll { $0.0 == entry }
      return woken
    }
    for (_, waiter) in woken { waiter.resume() }
  }

  func wait(for entry: String) async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.entries.contains(entry) { return true }
        state.waiters.append((entry, continuation))
        return false
      }
      if isThere { continuation.resume() }
    }
  }
}

/// A service whose moments are written down.
final class FakeService: Service {
  enum Manner { case obedient, deaf, failsAtStart, failsAtRun, endsEarly, startsForEver }
  struct Failure: Error {}

  let name: String
  private let manner: Manner
  private let diary: Diary
  private let (stops, stopper) = AsyncStream<Void>.makeStream()

  init(_ name: String, _ diary: Diary, _ manner: Manner = .obedient) {
    self.name = name
    self.diary = diary
    self.manner = manner
  }

  func start() async throws {
    diary.note("\(name) starts")
    if manner == .failsAtStart { throw Failure() }
    if manner == .startsForEver {
      await hangUntilCancelled()
      throw CancellationError()
    }
  }

  func run() async throws {
    diary.note("\(name) runs")
    if manner == .failsAtRun { throw Failure() }
    if manner == .endsEarly { return }
    for await _ in stops { break }
    try Task.checkCancellation()
    diary.note("\(name) drained")
  }

  func shutDown() async {
    diary.note("\(name) is asked to stop")
    if manner != .deaf { stopper.finish() }
  }
}

@Suite("Service group")
struct LifecycleTests {
  private let diary = Diary()

  private func group(
    _ services: [any Service], drainSeconds: Double = 60, handlesSignals: Bool = false
  ) -> ServiceGroup {
    ServiceGroup(
      services, logger: LineSink().logger(), drainSeconds: drainSeconds,
      handlesSignals: handlesSignals)
  }

  @Test func `services start in order and drain in reverse, one after the other`() async throws {
    let group = group([FakeService("a", diary), FakeService("b", diary)])
    async let done: Void = group.run()
    await diary.wait(for: "a runs")
    await diary.wait(for: "b runs")
    group.triggerShutdown()
    try await done
    let entries = diary.entries
    #expect(entries.filter { $0.hasSuffix("starts") } == ["a starts", "b starts"])
    #expect(
      entries.suffix(4) == [
        "b is asked to stop", "b drained", "a is asked to stop", "a drained",
      ])
  }

  @Test func `the first failure stops the others and is thrown`() async {
    let group = group([FakeService("a", diary), FakeService("b", diary, .failsAtRun)])
    await #expect(throws: FakeService.Failure.self) { try await group.run() }
    #expect(diary.entries.last == "a drained")
  }

  @Test func `what fails at its start keeps later ones from starting`() async {
    let group = group([
      FakeService("a", diary), FakeService("b", diary, .failsAtStart), FakeService("c", diary),
    ])
    await #expect(throws: FakeService.Failure.self) { try await group.run() }
    #expect(!diary.entries.contains("c starts"))
    #expect(diary.entries.last == "a drained")
  }

  @Test func `a service that returns unasked is a failure`() async throws {
    let group = group([FakeService("a", diary), FakeService("b", diary, .endsEarly)])
    let error = await #expect(throws: ServiceGroupError.self) { try await group.run() }
    #expect(error?.code == .endedEarly)
    #expect(error?.services == ["b"])
  }

  @Test func `the end of the time to drain cancels and names who was late`() async throws {
    let group = group(
      [FakeService("a", diary), FakeService("b", diary, .deaf)], drainSeconds: 0.01)
    let error = await #expect(throws: ServiceGroupError.self) {
      async let done: Void = group.run()
      await diary.wait(for: "b runs")
      group.triggerShutdown()
      try await done
    }
    #expect(error?.code == .drainDeadline)
    #expect(error?.services == ["a", "b"])
    #expect(!diary.entries.contains("b drained"))
  }

  @Test func `a second request cancels without waiting`() async throws {
    let group = group([FakeService("a", diary, .deaf)], drainSeconds: 3_600)
    async let done: Void = group.run()
    await diary.wait(for: "a runs")
    group.triggerShutdown()
    await diary.wait(for: "a is asked to stop")
    group.triggerShutdown()
    try await done
  }

  @Test func `a stop during a long start ends it`() async throws {
    let group = group([FakeService("a", diary), FakeService("b", diary, .startsForEver)])
    async let done: Void = group.run()
    await diary.wait(for: "b starts")
    group.triggerShutdown()
    try await done
    #expect(diary.entries.last == "a drained")
    #expect(!diary.entries.contains("b runs"))
  }

  @Test("a signal drains the process", arguments: [SIGTERM, SIGINT])
  func signals(number: Int32) async {
    await #expect(processExitsWith: .exitCode(7)) { [number] in
      let diary = Diary()
      let group = ServiceGroup(
        [FakeService("a", diary)], logger: LineSink().logger(), drainSeconds: 60)
      async let done: Void = group.run()
      await diary.wait(for: "a runs")
      kill(getpid(), number)
      try await done
      exit(diary.entries.last == "a drained" ? 7 : 8)
    }
  }

  @Test func `a second signal cancels and a third ends the process`() async {
    await #expect(processExitsWith: .signal(SIGTERM)) {
      let diary = Diary()
      // Hears neither a request to stop nor a cancellation.
      struct Stubborn: Service {
        let name = "stubborn"
        let diary: Diary
        func run() async throws {
          diary.note("runs")
          await withTaskCancellationHandler {
            await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
          } onCancel: {
            diary.note("cancelled")
          }
        }
        func shutDown() async { diary.note("asked") }
      }
      let group = ServiceGroup(
        [Stubborn(diary: diary)], logger: LineSink().logger(), drainSeconds: 60)
      async let done: Void = group.run()
      await diary.wait(for: "runs")
      kill(getpid(), SIGTERM)
      await diary.wait(for: "asked")
      kill(getpid(), SIGTERM)
      await diary.wait(for: "cancelled")
      kill(getpid(), SIGTERM)
      try await done
    }
  }
}
