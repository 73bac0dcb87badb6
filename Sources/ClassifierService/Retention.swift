internal import Postgres
internal import ServiceRuntime

/// Lets go of what nobody asks for any more: the decisions behind anomalies that have been over for
/// long, and what was told, done, refused and set long ago.
///
/// Each replica looks on its own: what one has removed, the next one does not find.
final class Retention: Service {
  /// How often it looks, the first time when it begins.
  private static let intervalSeconds: Double = 86_400

  private static let dayMicroseconds: Int64 = 86_400_000_000

  let name = "classifier-retention"
  private let store: ClassifierStore
  /// How long after the end of its anomaly a decision is kept.
  private let decisionDays: Int
  /// How long changes that were told, conflicts, ended settings, and all but the last of what people
  /// did to an anomaly are kept.
  private let historyDays: Int
  private let logger: Logger
  private let (stops, stopper) = AsyncStream<Void>.makeStream()

  init(store: ClassifierStore, decisionDays: Int, historyDays: Int, logger: Logger) {
    self.store = store
    self.decisionDays = decisionDays
    self.historyDays = historyDays
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
    let now = store.now()
    do {
      let decisions = try await store.removeDecisions(
        endedBeforeUnixMicroseconds: now - Int64(decisionDays) * Self.dayMicroseconds)
      if decisions > 0 { logger.info("decisions expired", ["count": "\(decisions)"]) }
      let history = try await store.removeHistory(
        beforeUnixMicroseconds: now - Int64(historyDays) * Self.dayMicroseconds)
      if history > 0 { logger.info("history expired", ["count": "\(history)"]) }
    } catch {
      if !Task.isCancelled { logger.warning("records not expired", ["error": "\(error)"]) }
    }
  }
}

extension ClassifierStore {
  /// How many rows are removed at once, so that no lock is held for long.
  private static let expiryRows = 5_000

  /// Removes the decisions behind anomalies that were over before a moment; the anomalies stay.
  ///
  /// - Returns: How many there were.
  /// - Throws: `PostgresError`.
  func removeDecisions(endedBeforeUnixMicroseconds end: Int64) async throws -> Int {
    // Whatever was found, ended or dismissed since is not over for long, and 1 to 3 are the states
    // of what lasts.
    try await removeAll(
      """
      DELETE FROM decision WHERE (customer_id, anomaly_id, bucket) IN (
        SELECT customer_id, anomaly_id, bucket FROM decision WHERE NOT EXISTS (
          SELECT FROM anomaly
          WHERE anomaly.customer_id = decision.customer_id AND anomaly.id = decision.anomaly_id
            AND (state <= 3
              OR GREATEST(detected_unix_us, resolved_unix_us, dismissed_unix_us) >= $1))
        LIMIT $2)
      """, before: end)
  }

  /// Removes what was told, done, refused and set before a moment.
  ///
  /// What the notifier has not taken over yet stays, and so does what a person did last to an
  /// anomaly: a review heeds it.
  ///
  /// - Returns: How many rows there were.
  /// - Throws: `PostgresError`.
  func removeHistory(beforeUnixMicroseconds end: Int64) async throws -> Int {
    try await removeAll(
      """
      DELETE FROM anomaly_revision WHERE (customer_id, anomaly_id, revision) IN (
        SELECT customer_id, anomaly_id, revision FROM anomaly_revision
        WHERE changed_unix_us < $1 AND (NOT heard OR told_unix_us IS NOT NULL) LIMIT $2)
      """, before: end)
      + removeAll(
        """
        DELETE FROM transition WHERE (customer_id, anomaly_id, number) IN (
          SELECT customer_id, anomaly_id, number FROM transition
          WHERE at_unix_us < $1 AND EXISTS (
            SELECT FROM transition AS later
            WHERE later.customer_id = transition.customer_id
              AND later.anomaly_id = transition.anomaly_id AND later.number > transition.number)
          LIMIT $2)
        """, before: end)
      + removeAll(
        """
        DELETE FROM evidence_conflict
        WHERE (customer_id, metric_id, bucket, revision, received_hash) IN (
          SELECT customer_id, metric_id, bucket, revision, received_hash FROM evidence_conflict
          WHERE seen_unix_us < $1 LIMIT $2)
        """, before: end)
      + removeAll(
        """
        DELETE FROM setting WHERE (kind, name, scope, sequence) IN (
          SELECT kind, name, scope, sequence FROM setting
          WHERE until_sequence IS NOT NULL AND ended_unix_us < $1 LIMIT $2)
        """, before: end)
  }

  /// Runs a statement, whose parameters are a moment and a number of rows, until it finds no more.
  private func removeAll(_ statement: PostgresStatement, before end: Int64) async throws -> Int {
    var sum = 0
    while true {
      let count = try await pool.query(
        statement, [.int64(end), .int64(Int64(Self.expiryRows))]
      ).affected
      sum += count
      if count < Self.expiryRows { return sum }
    }
  }
}
