import Postgres
import TestSupport
import Testing

@Suite("Postgres sessions", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(3)))
struct PostgresTests {
  @Test func `values go there and back in binary form`() async throws {
    try await TestDatabase.with { database in
      let pool = try database.pool(.ingest)
      for _ in 0..<5 {  // the third and later uses run as a prepared statement
        let row = try await pool.query(
          """
          SELECT $1::bool, $2::int2, $3::int4, $4::int8, $5::float8, $6::text, $7::bytea, $8::uuid,
            $9::timestamptz, $10::int4[], $11::int8[], $12::float8[], $13::text[], $14::text
          """,
          [
            .bool(true), .int16(-2), .int32(.min), .int64(.max), .double(-0.0), .text("é\u{1F600}"),
            .bytes([0, 255]), .uuid(high: 1, low: .max), .timestamp(unixMicroseconds: -1),
            .int32Array([1, -1]), .int64Array([]), .doubleArray([.infinity]),
            .textArray(["", "a"]),
            .null,
          ]
        ).single
        #expect(row.bool(0) && row.int64(1) == -2 && row.int32(2) == .min)
        #expect(row.int64(3) == .max && row.double(4).sign == .minus)
        #expect(row.text(5) == "é\u{1F600}" && row.bytes(6) == [0, 255])
        #expect(row.uuid(7) == PostgresUUID(high: 1, low: .max) && row.timestamp(8) == -1)
        #expect(row.int64Array(9) == [1, -1] && row.int64Array(10).isEmpty)
        #expect(row.doubleArray(11) == [.infinity] && row.textArray(12) == ["", "a"])
        #expect(row.isNull(13) && row.optionalText(13) == nil)
      }
    }
  }

  @Test func `an error in a transaction undoes all of it`() async throws {
    struct Stop: Error {}
    try await TestDatabase.with { database in
      let pool = try database.pool(.ingest, size: 1)
      _ = try await pool.query("CREATE TABLE things (id int PRIMARY KEY)")
      await #expect(throws: Stop.self) {
        try await pool.transaction { connection in
          try connection.execute("INSERT INTO things VALUES (1)")
          throw Stop()
        }
      }
      #expect(try await pool.query("SELECT 1 FROM things").isEmpty)
    }
  }

  @Test func `a failure that the body swallows cannot be committed`() async throws {
    try await TestDatabase.with { database in
      let pool = try database.pool(.ingest, size: 1)
      await #expect(throws: PostgresError.self) {
        try await pool.transaction { connection in
          do { try connection.execute("SELECT 1/0") } catch {}
        }
      }
    }
  }

  @Test func `a broken rule names the constraint and no value`() async throws {
    try await TestDatabase.with { database in
      let pool = try database.pool(.ingest, size: 1)
      _ = try await pool.query("CREATE TABLE secrets (word text CONSTRAINT once PRIMARY KEY)")
      _ = try await pool.query("INSERT INTO secrets VALUES ($1)", [.text("hunter2")])
      let error = await #expect(throws: PostgresError.self) {
        try await pool.query("INSERT INTO secrets VALUES ($1)", [.text("hunter2")])
      }
      #expect(error?.code == .constraint && error?.constraint == "once")
      #expect(error.map { "\($0)".contains("hunter2") } == false)
    }
  }

  @Test func `rows are copied in and out in binary form`() async throws {
    try await TestDatabase.with { database in
      let pool = try database.pool(.ingest, size: 1)
      let (copied, sum, count) = try await pool.transaction { connection in
        try connection.execute("CREATE TEMP TABLE stage (id uuid, n int, v float8) ON COMMIT DROP")
        let copied = try connection.copyIn("COPY stage FROM STDIN BINARY") { writer in
          for number in 0..<50_000 {
            writer.beginRow(columns: 3)
            writer.uuid(high: 7, low: UInt64(number))
            writer.int32(Int32(number))
            writer.double(Double(number) / 2)
          }
        }
        var sum = 0.0
        var count = 0
        try connection.copyOut("COPY stage TO STDOUT BINARY") { row in
          #expect(row.columns == 3)
          let id = row.uuid()
          #expect(UInt64(row.int32()) == id.low)
          sum += row.double()
          count += 1
        }
        return (copied, sum, count)
      }
      #expect(copied == 50_000 && count == 50_000)
      #expect(sum == 50_000.0 * 49_999 / 4)
    }
  }

  @Test func `a copy that its body breaks off leaves the session usable`() async throws {
    struct Stop: Error {}
    try await TestDatabase.with { database in
      let pool = try database.pool(.ingest, size: 1)
      _ = try await pool.query("CREATE TABLE things (id int)")
      await #expect(throws: Stop.self) {
        try await pool.withConnection { connection in
          try connection.copyIn("COPY things FROM STDIN BINARY") { writer in
            writer.beginRow(columns: 1)
            writer.int32(1)
            throw Stop()
          }
        }
      }
      #expect(try await pool.query("SELECT id FROM things").isEmpty)
    }
  }

  @Test func `a cancelled task ends its statement and spares the next`() async throws {
    try await TestDatabase.with { database in
      let pool = try database.pool(.ingest, size: 1)
      let admin = database.adminPool()
      for _ in 0..<20 {
        let slow = Task { try await pool.query("SELECT pg_sleep(30)") }
        while try await admin.query(
          """
          SELECT 1 FROM pg_stat_activity
          WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active' AND datname = current_database()
          """
        ).isEmpty {
          await Task.yield()
        }
        slow.cancel()
        let error = await #expect(throws: PostgresError.self) { try await slow.value }
        #expect(error?.code == .cancelled)
        #expect(try await pool.query("SELECT 1 + 1").single.int64(0) == 2)
      }
    }
  }

  @Test func `a transaction whose session was ended is run again`() async throws {
    try await TestDatabase.with { database in
      let pool = try database.pool(.ingest, size: 1)
      let admin = database.adminPool()
      _ = try await pool.query("SELECT 1")
      _ = try await admin.query(
        """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE usename = 'tidemark_ingest' AND datname = current_database()
        """)
      #expect(try await pool.transaction { try $0.execute("SELECT 5 + 0").single.int64(0) } == 5)
    }
  }

  @Test func `callers beyond the pool's size wait and are all served`() async throws {
    try await TestDatabase.with { database in
      let pool = try database.pool(.ingest, size: 2)
      let sum = try await withThrowingTaskGroup(of: Int64.self) { group in
        for number in 0..<200 {
          group.addTask {
            try await pool.query("SELECT $1::int8", [.int64(Int64(number))]).single.int64(0)
          }
        }
        return try await group.reduce(0, +)
      }
      #expect(sum == 199 * 100)
    }
  }

  @Test func `a listener hears, and says rescan at first and after a lost session`() async throws {
    try await TestDatabase.with { database in
      let pool = try database.pool(.ingest, size: 1)
      let configuration = PostgresConfiguration(
        url: try database.url(.ingest), applicationName: "listener")
      var heard = PostgresListener(configuration: configuration, channel: "work")
        .makeAsyncIterator()
      #expect(await heard.next() == .rescan)
      _ = try await pool.query("SELECT pg_notify('work', 'a')")
      #expect(await heard.next() == .notified(payload: "a"))
      _ = try await database.adminPool().query(
        """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'listener' AND datname = current_database()
        """)
      #expect(await heard.next() == .rescan)
    }
  }
}
