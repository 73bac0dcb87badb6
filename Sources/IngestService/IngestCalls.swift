internal import Locking
internal import PointsContract
internal import Postgres
internal import RPC
internal import SeriesModel
internal import SeriesStore
internal import ServiceRuntime
internal import WorkQueue

/// What ingest answers; the calls themselves are in the extensions beside.
final class IngestCalls: IngestHandler {
  let pool: PostgresPool
  let queue: WorkQueue
  let catalogue: Catalogue
  let zones: ZoneFiles
  let settings: IngestConfiguration
  let figures: IngestFigures
  let nowUnixMicroseconds: @Sendable () -> Int64
  private let busySources = Locked<[String: Int]>([:])

  init(
    pool: PostgresPool, queue: WorkQueue, settings: IngestConfiguration, figures: IngestFigures,
    now: @escaping @Sendable () -> Int64
  ) {
    self.pool = pool
    self.queue = queue
    catalogue = Catalogue(pool: pool)
    zones = ZoneFiles(directory: settings.zoneDirectory)
    self.settings = settings
    self.figures = figures
    nowUnixMicroseconds = now
  }

  /// What points may lie in, as of now.
  var acceptedTime: AcceptedTime {
    AcceptedTime(
      oldest: settings.oldestDate, futureSeconds: settings.futureSeconds,
      nowUnixSecond: nowUnixMicroseconds() / 1_000_000)
  }

  /// Takes one of the source's places, or refuses when it has too many batches under way.
  ///
  /// One source that floods is refused before it fills the places of all.
  func enter(_ source: String) throws(RPCError) {
    let isFull = busySources.withLock { busy in
      if busy[source, default: 0] >= settings.sourceCallsLimit { return true }
      busy[source, default: 0] += 1
      return false
    }
    if isFull {
      throw RPCError(
        code: .resourceExhausted,
        message: "source \(quoted(source)) has \(settings.sourceCallsLimit) batches under way",
        retryAfterMilliseconds: 100)
    }
  }

  /// Gives the source's place back.
  func leave(_ source: String) {
    busySources.withLock { busy in
      let left = busy[source, default: 1] - 1
      busy[source] = left > 0 ? left : nil
    }
  }
}

/// What ingest counts.
struct IngestFigures: Sendable {
  private let points: Counter

  init(registry: MetricsRegistry) {
    points = registry.counter(
      "tidemark_ingest_points_total", help: "Rows by what became of them.", labels: ["result"])
  }

  func count(accepted: Int64, duplicate: Int64, late: Int64, refused: Int64) {
    if accepted > 0 { points.increment(by: Double(accepted), "accepted") }
    if duplicate > 0 { points.increment(by: Double(duplicate), "duplicate") }
    if late > 0 { points.increment(by: Double(late), "late") }
    if refused > 0 { points.increment(by: Double(refused), "refused") }
  }
}
