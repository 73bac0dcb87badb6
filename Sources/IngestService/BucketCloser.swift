internal import Locking
internal import Postgres
internal import RPC
internal import SeriesModel
internal import SeriesStore
internal import ServiceRuntime

/// Closes buckets whose lateness limit has passed while a source lags.
final class BucketCloser: Service {
  /// How often it looks; the tightest limit is five minutes.
  private static let intervalSeconds: Double = 30

  let name = "ingest-closer"
  private let calls: IngestCalls
  private let logger: Logger
  private let (stops, stopper) = AsyncStream<Void>.makeStream()

  init(calls: IngestCalls, logger: Logger) {
    self.calls = calls
    self.logger = logger
  }

  func run() async throws {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.look() }
      for await _ in stops { break }
      group.cancelAll()
    }
  }

  func shutDown() async { stopper.finish() }

  private func look() async {
    while !Task.isCancelled {
      do {
        try await Task.sleep(for: .seconds(Self.intervalSeconds))
        for granularity in Granularity.allCases { try await calls.closeOverdue(granularity) }
      } catch {
        if !Task.isCancelled { logger.warning("buckets not closed", ["error": "\(error)"]) }
      }
    }
  }
}

extension IngestCalls {
  /// Closes what is overdue, and touches no lock when nothing is.
  func closeOverdue(_ granularity: Granularity) async throws {
    let now = nowUnixMicroseconds()
    let overdue = Lateness.lastOverdue(granularity, nowUnixSecond: now / 1_000_000)
    let due = try await pool.query(
      """
      SELECT 1 FROM watermark
      WHERE granularity = $1
      HAVING LEAST(max(through_bucket), $2)
        > COALESCE((SELECT through_bucket FROM closed_bucket WHERE granularity = $1),
          min(through_bucket) - 1)
      """, [.int16(Int16(granularity.rawValue)), .int32(overdue)])
    if due.isEmpty { return }
    try await pool.transaction { connection in
      try SeriesWriter.barWrites(on: connection)
      _ = try self.closeBuckets(granularity, nowUnixMicroseconds: now, on: connection)
    }
  }

  /// Publishes how far closing lags behind the clock.
  func reportLag(to registry: MetricsRegistry) {
    let lag = registry.gauge(
      "tidemark_ingest_lag_seconds", help: "From the end of the last closed bucket to now.",
      labels: ["granularity"])
    registry.collectBeforeScrape { [pool, nowUnixMicroseconds] in
      do {
        let closed = try await pool.transaction { try SeriesWriter.closedThrough(on: $0) }
        for (granularity, through) in closed {
          let end = Bucket(granularity, through).startUnixSecond + granularity.seconds
          lag.set(Double(nowUnixMicroseconds() / 1_000_000 - end), granularity.name)
        }
      } catch {
        // A scrape goes on without a database; readiness tells of that.
        return
      }
    }
  }
}
