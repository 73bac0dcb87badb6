internal import Postgres
internal import ServiceRuntime

/// Lets go of the decisions behind anomalies that have been over for long.
///
/// Each replica looks on its own: what one has removed, the next one does not find.
final class DecisionExpiry: Service {
  /// How often it looks, the first time when it begins.
  private static let intervalSeconds: Double = 86_400

  private static let dayMicroseconds: Int64 = 86_400_000_000

  let name = "classifier-decisions"
  private let store: ClassifierStore
  /// How long after the end of its anomaly a decision is kept.
  private let days: Int
  private let logger: Logger
  private let (stops, stopper) = AsyncStream<Void>.makeStream()

  init(store: ClassifierStore, days: Int, logger: Logger) {
    self.store = store
    self.days = days
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
      await removeExpired()
      // Only the end of the service cuts the sleep short.
      do { try await Task.sleep(for: .seconds(Self.intervalSeconds)) } catch { return }
    }
  }

  private func removeExpired() async {
    let end = store.now() - Int64(days) * Self.dayMicroseconds
    do {
      let count = try await store.removeDecisions(endedBeforeUnixMicroseconds: end)
      if count > 0 { logger.info("decisions expired", ["count": "\(count)"]) }
    } catch {
      if !Task.isCancelled { logger.warning("decisions not expired", ["error": "\(error)"]) }
    }
  }
}

extension ClassifierStore {
  /// Removes the decisions behind anomalies that were over before a moment; the anomalies stay.
  ///
  /// - Returns: How many there were.
  /// - Throws: `PostgresError`.
  func removeDecisions(endedBeforeUnixMicroseconds end: Int64) async throws -> Int {
    // Whatever was found, ended or dismissed since is not over for long, and 1 to 3 are the states
    // of what lasts.
    try await pool.query(
      """
      DELETE FROM decision WHERE NOT EXISTS (
        SELECT FROM anomaly
        WHERE anomaly.customer_id = decision.customer_id AND anomaly.id = decision.anomaly_id
          AND (state <= 3
            OR GREATEST(detected_unix_us, resolved_unix_us, dismissed_unix_us) >= $1))
      """, [.int64(end)]
    ).affected
  }
}
