internal import Locking
internal import PointsContract
internal import Postgres
internal import SeriesModel
internal import SeriesStore

/// What ingest knows of customers and metrics, kept in memory where it cannot change.
///
/// Customers are never removed and their identity follows from their key; of a metric, number,
/// granularity and decimal places never change. The rest is read again after a while.
final class Catalogue: Sendable {
  /// The most customers kept; beyond it the memory is emptied and filled anew.
  private static let customersLimit = 500_000

  /// How long a copy of the metrics serves.
  private static let metricsFor: Duration = .seconds(5)

  private struct State {
    var customers: [String: CustomerID] = [:]
    var metrics: [String: Metric] = [:]
    var metricsReadAt: ContinuousClock.Instant?
  }

  private let pool: PostgresPool
  private let state = Locked(State())

  init(pool: PostgresPool) { self.pool = pool }

  /// The identities of customers by their own keys; nil for one that was never put.
  func customers(_ externalIDs: [String]) async throws -> [CustomerID?] {
    var found = state.withLock { state in externalIDs.map { state.customers[$0] } }
    let missing = found.indices.filter { found[$0] == nil }
    if missing.isEmpty { return found }
    let ids = missing.map { CustomerIdentity.id(externalID: externalIDs[$0]) }
    let rows = try await pool.query(
      """
      SELECT place FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted(customer_id, place)
      WHERE EXISTS (SELECT FROM customer WHERE customer.customer_id = wanted.customer_id)
      """, [.uuidArray(ids.map { PostgresUUID(high: $0.high, low: $0.low) })])
    var fresh: [(String, CustomerID)] = []
    for row in rows {
      let step = row.int(0) - 1
      found[missing[step]] = ids[step]
      fresh.append((externalIDs[missing[step]], ids[step]))
    }
    remember(fresh)
    return found
  }

  private func remember(_ customers: [(String, CustomerID)]) {
    state.withLock { state in
      if state.customers.count + customers.count > Self.customersLimit {
        state.customers.removeAll()
      }
      for (externalID, id) in customers { state.customers[externalID] = id }
    }
  }

  /// The time zones of customers, in the order asked for.
  func zoneNames(_ customers: [CustomerID]) async throws -> [String] {
    let rows = try await pool.query(
      """
      SELECT place, zone FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted(customer_id, place)
      JOIN customer USING (customer_id)
      """, [.uuidArray(customers.map { PostgresUUID(high: $0.high, low: $0.low) })])
    var names = [String](repeating: "", count: customers.count)
    for row in rows { names[row.int(0) - 1] = row.text(1) }
    return names
  }

  /// A metric as a sender named it.
  enum Lookup {
    case known(Metric)
    case unknown
    case malformed
  }

  /// The metrics that senders named.
  func metrics(_ texts: [String]) async throws -> [Lookup] {
    let copy = try await metricsByKey()
    let found = texts.map { Self.look($0, in: copy) }
    let mayBeNew = found.contains { if case .unknown = $0 { true } else { false } }
    if !mayBeNew { return found }
    let fresh = try await readMetrics()
    return texts.map { Self.look($0, in: fresh) }
  }

  private static func look(_ text: String, in metrics: [String: Metric]) -> Lookup {
    if let metric = metrics[text] { return .known(metric) }
    guard let reference = MetricReference(text) else { return .malformed }
    return metrics[reference.key].map { .known($0) } ?? .unknown
  }

  private func metricsByKey() async throws -> [String: Metric] {
    let copy = state.withLock { state -> [String: Metric]? in
      guard let readAt = state.metricsReadAt, ContinuousClock.now - readAt < Self.metricsFor
      else { return nil }
      return state.metrics
    }
    if let copy { return copy }
    return try await readMetrics()
  }

  private func readMetrics() async throws -> [String: Metric] {
    let metrics = try await SeriesReader(pool: pool).metrics()
    var byKey: [String: Metric] = [:]
    for metric in metrics { byKey[metric.key] = metric }
    let copy = byKey
    state.withLock { state in
      state.metrics = copy
      state.metricsReadAt = .now
    }
    return copy
  }

  /// Forgets the metrics, after they were changed.
  func forgetMetrics() { state.withLock { $0.metricsReadAt = nil } }
}
