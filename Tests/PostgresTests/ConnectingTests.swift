import Postgres
import TestSupport
import Testing

@Suite("Connecting to PostgreSQL")
struct ConnectingTests {
  private func failure(_ url: String) async -> PostgresError? {
    let configuration = PostgresConfiguration(url: url, connectTimeoutMilliseconds: 2_000)
    let pool = PostgresPool(configuration: configuration, size: 1)
    let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
    await pool.close()
    return error
  }

  @Test func `an unreachable server is named by host, port and database`() async {
    let error = await failure(
      "host=/nonexistent port=5999 dbname=tidemark user=someone password=hunter2")
    #expect(error?.code == .unreachable)
    let text = error.map { "\($0)" } ?? ""
    #expect(text.contains("/nonexistent:5999 database tidemark") && !text.contains("hunter2"))
  }

  @Test func `an address that cannot be read shows nothing of itself`() async {
    let error = await failure("postgresql://someone:hunter2@[host/name")
    #expect(error?.code == .configuration)
    #expect(error.map { String(reflecting: $0).contains("hunter2") } == false)
  }

  @Test func `no description of a configuration shows the password`() throws {
    let configuration = PostgresConfiguration(url: "postgresql://someone:hunter2@host/name")
    var dumped = ""
    dump(configuration, to: &dumped)
    for text in ["\(configuration)", String(reflecting: configuration), dumped] {
      #expect(!text.contains("hunter2") && text.contains("host:5432 database name"))
    }
  }

  @Test func `a changed role keeps the server and quotes its password`() throws {
    let configuration = PostgresConfiguration(url: "postgresql://a:b@host:6000/name")
    let changed = try configuration.replacing(user: "c", password: "it's \\ odd")
    #expect(
      try changed.settings() == [
        "user": "c", "password": "it's \\ odd", "host": "host", "port": "6000", "dbname": "name",
      ])
  }

  @Test(.enabled(if: TestDatabase.isAvailable))
  func `a wrong password and an unknown database are told apart`() async throws {
    try await TestDatabase.with { database in
      let good = PostgresConfiguration(url: try database.url(.ingest))
      let wrong = try good.replacing(user: "tidemark_ingest", password: "wrong")
      let error = await failure(wrong.url)
      #expect(error?.code == .authentication && error?.sqlState == "28P01")
      let elsewhere = try good.replacing(databaseName: "no_such_database")
      #expect(await failure(elsewhere.url)?.code == .noSuchDatabase)
    }
  }
}
