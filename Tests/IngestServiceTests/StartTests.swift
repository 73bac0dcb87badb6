import IngestService
import Postgres
import RPC
import ServiceRuntime
import TestSupport
import Testing

@Suite("Starting ingest")
struct StartTests {
  private func startFailure(
    _ url: String, zone: String = "UTC"
  ) async throws -> (any Error)? {
    let service = try IngestService(
      configuration: IngestConfiguration(
        rpc: RPCSettings(
          serviceName: "ingest", listenURLs: ["inproc://start-\(UInt64.random(in: 0 ... .max))"],
          backendURLs: ["baseline": ["inproc://nobody"]]),
        databaseURL: url, runtime: RuntimeSettings(zone: zone)),
      logger: Logger(service: "test", level: .critical), registry: MetricsRegistry())
    return await #expect(throws: (any Error).self) { try await service.start() }
  }

  @Test func `an unreachable database is named, and its password is not`() async throws {
    let error = try await startFailure(
      "host=/nonexistent port=5999 user=tidemark_ingest password=hunter2 dbname=tidemark")
    #expect((error as? PostgresError)?.code == .unreachable)
    let text = error.map { "\($0)" } ?? ""
    #expect(text.contains("/nonexistent:5999 database tidemark role tidemark_ingest"))
    #expect(!text.contains("hunter2"))
  }

  @Test(.enabled(if: TestDatabase.isAvailable))
  func `a wrong password is told apart from a missing server`() async throws {
    try await TestDatabase.with { database in
      let wrong = try PostgresConfiguration(url: database.url(.ingest))
        .replacing(password: "hunter2")
      let error = try await startFailure(wrong.url)
      #expect((error as? PostgresError)?.code == .authentication)
      #expect(error.map { "\($0)".contains("hunter2") } == false)
    }
  }

  @Test func `an unknown zone of the organisation is named`() async throws {
    let error = try await startFailure("host=/nonexistent", zone: "Atlantis/Capital")
    #expect(error.map { "\($0)".contains("Atlantis/Capital") } == true)
  }
}
