import ServiceRuntime
import Testing

@Suite("Service bundles")
struct ServiceBundleTests {
  private let quiet = Logger(service: "test", level: .critical)

  @Test func `parts start in order, after the preparation, and stop in reverse`() async throws {
    let diary = Diary()
    let bundle = ServiceBundle(
      name: "stage", [FakeService("a", diary), FakeService("b", diary)], logger: quiet,
      prepare: { diary.note("prepared") }, started: { diary.note("started") })
    try await bundle.start()
    #expect(diary.entries == ["prepared", "a starts", "b starts", "started"])
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await bundle.run() }
      await diary.wait(for: "a runs")
      await diary.wait(for: "b runs")
      await bundle.shutDown()
      try await group.waitForAll()
    }
    #expect(diary.entries.filter { $0.hasSuffix("drained") } == ["b drained", "a drained"])
  }

  @Test func `a part that fails at its start fails the bundle`() async {
    let diary = Diary()
    let bundle = ServiceBundle(
      name: "stage", [FakeService("a", diary), FakeService("b", diary, .failsAtStart)],
      logger: quiet)
    await #expect(throws: FakeService.Failure.self) { try await bundle.start() }
  }
}
