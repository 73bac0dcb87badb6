import EvidenceContract
import PointsContract
import RPC
import SeriesContract
import ServiceRuntime
import TestSupport
import Testing

@Suite("Watermarks and relays", .enabled(if: TestDatabase.isAvailable))
struct WatermarkTests {
  private let today = IngestFixture.today

  @Test func `a bucket closes when all sources have passed it, and baseline hears of it`()
    async throws
  {
    try await IngestFixture.with { ingest in
      var closed = ingest.baseline.closed.makeAsyncIterator()
      ingest.baseline.refuseNext(3)
      #expect(try await ingest.advance(through: today - 10, source: "a").bucketsClosed == 1)
      #expect(await closed.next()?.throughBucket == today - 10)
      // A second source that begins later takes nothing back.
      #expect(try await ingest.advance(through: today - 12, source: "b").bucketsClosed == 0)
      let ahead = try await ingest.advance(through: today - 1, source: "a")
      // b is too late for all but the last days, whose lateness limit has not passed.
      #expect(ahead.closedThroughBucket == today - 3 + 1)
      let both = try await ingest.advance(through: today - 1, source: "b")
      #expect(both.closedThroughBucket == today - 1)
      var last: Int32?
      while last != today - 1 { last = await closed.next()?.throughBucket }
      let again = try await ingest.advance(through: today - 1, source: "b")
      #expect(again.bucketsClosed == 0 && again.closedThroughBucket == today - 1)
    }
  }

  @Test func `a point behind the watermark is a correction and is counted as late`()
    async throws
  {
    try await IngestFixture.with { ingest in
      _ = try await ingest.advance(through: today - 1)
      let answer = try await ingest.client.putPoints(
        IngestFixture.batch([("acme", "logins", today - 1, 1), ("acme", "logins", today, 2)]))
      #expect(answer.changed == 2 && answer.corrections == 1 && answer.ingestSequence == 2)
      var request = GetCompletenessRequest()
      request.granularity = .day
      let completeness = try await ingest.client.getCompleteness(request)
      #expect(completeness.anyClosed && completeness.closedThroughBucket == today - 1)
      #expect(completeness.customers == 3 && completeness.series == 1)
      #expect(completeness.sources.map(\.source) == ["test"] && completeness.ingestSequence == 2)
      let text = await ingest.registry.exposition()
      #expect(text.contains("tidemark_ingest_points_total{result=\"late\"} 1"))
      #expect(text.contains("tidemark_ingest_lag_seconds{granularity=\"day\"} 43200"))
    }
  }

  @Test func `a point of a metric that is judged on arrival goes to baseline at once`()
    async throws
  {
    try await IngestFixture.with { ingest in
      var observed = ingest.baseline.observed.makeAsyncIterator()
      _ = try await ingest.client.putPoints(
        IngestFixture.batch([
          ("acme", "health", today - 1, 70), ("acme", "health", today, 31),
          ("acme", "logins", today, 5),
        ]))
      let request = try #require(await observed.next())
      #expect(request.metric == "health" && request.bucket == today && request.value == 31)
      #expect(WireUUID(text: request.customer) != nil)
    }
  }

  @Test func `a watermark beyond the accepted time, or without a source, is refused`()
    async throws
  {
    try await IngestFixture.with { ingest in
      for (bucket, source) in [(today + 30, "test"), (today, "")] {
        let error = await #expect(throws: RPCError.self) {
          try await ingest.advance(through: bucket, source: source)
        }
        #expect(error?.code == .invalidArgument)
      }
    }
  }
}
