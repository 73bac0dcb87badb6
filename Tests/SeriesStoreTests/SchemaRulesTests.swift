import Postgres
import SeriesStore
import TestSupport
import Testing

@Suite("Rules of the schema", .enabled(if: TestDatabase.isAvailable))
struct SchemaRulesTests {
  @Test func `the customer is in every key of tables that grow with customers`() async throws {
    try await StoreFixture.with { store in
      let rows = try await store.pool.query(
        """
        SELECT index.indrelid::regclass::text, index.indexrelid::regclass::text
        FROM pg_index AS index
        JOIN pg_attribute AS customer
          ON customer.attrelid = index.indrelid AND customer.attname = 'customer_id'
        JOIN pg_class AS class ON class.oid = index.indrelid AND class.relkind = 'r'
        WHERE index.indisunique AND class.relnamespace = 'ingest'::regnamespace
          AND NOT customer.attnum = ANY (index.indkey::int2[])
        """)
      #expect(rows.isEmpty)
    }
  }

  @Test func `nothing depends on triggers or on foreign keys`() async throws {
    try await StoreFixture.with { store in
      let rows = try await store.pool.query(
        """
        SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE relnamespace = 'ingest'::regnamespace
        """)
      #expect(rows.isEmpty)
    }
  }
}
