internal import Alerting
internal import Integration
internal import Postgres
internal import SeriesContract
internal import SeriesModel

/// How a receiver fares.
struct ReceiverStanding: Sendable {
  var receiver: String
  var lastSuccessAt: Int64?
  var lastFailureAt: Int64?
  var lastFailure = ""
  var failuresInARow = 0
  var disabledAt: Int64?
  var waiting = 0
  var undeliverable = 0
  /// What is left of its budget; nil where it has none.
  var budgetRemaining: Int?
}

// Accounts: of anomalies, and of receivers.
extension DeliveryStore {
  /// How many anomalies were raised, once for each receiver that their routes led to, and what
  /// became of them.
  func account(since: Int64) async throws -> [Disposition: UInt64] {
    let rows = try await pool.query(
      """
      SELECT disposition, count(*) FROM (
        SELECT disposition FROM group_member WHERE joined_at >= $1
        UNION ALL SELECT 8 FROM unrouted WHERE at >= $1) AS raised
      GROUP BY disposition
      """, [.timestamp(unixMicroseconds: since)])
    var counts: [Disposition: UInt64] = [:]
    for row in rows {
      guard let disposition = Disposition(rawValue: Int16(row.int(0))) else { continue }
      counts[disposition] = UInt64(row.int64(1))
    }
    return counts
  }

  /// How all receivers fare, those that are gone and have something waiting too.
  func receivers(now: Int64) async throws -> [ReceiverStanding] {
    let rows = try await pool.query(
      """
      SELECT COALESCE(h.receiver, d.receiver), h.last_success_at, h.last_failure_at,
        COALESCE(h.last_failure, ''), COALESCE(h.failures_in_a_row, 0), h.disabled_at,
        COALESCE(d.waiting, 0), COALESCE(d.undeliverable, 0)
      FROM receiver_health AS h FULL JOIN (
        SELECT receiver, count(*) FILTER (WHERE status = 1) AS waiting,
          count(*) FILTER (WHERE status = 3) AS undeliverable
        FROM delivery WHERE status IN (1, 3) AND receiver <> '' GROUP BY receiver) AS d
      ON d.receiver = h.receiver
      """)
    var found: [String: ReceiverStanding] = [:]
    for row in rows {
      found[row.text(0)] = ReceiverStanding(
        receiver: row.text(0), lastSuccessAt: row.optionalTimestamp(1),
        lastFailureAt: row.optionalTimestamp(2), lastFailure: row.text(3),
        failuresInARow: row.int(4), disabledAt: row.optionalTimestamp(5), waiting: row.int(6),
        undeliverable: row.int(7))
    }
    let routes = configuration.current
    for name in routes.receivers.keys {
      found[name] = found[name] ?? ReceiverStanding(receiver: name)
    }
    for (name, entry) in routes.alerting.budgets {
      let sent = try await pool.query(
        "SELECT queued_at FROM delivery WHERE told_receiver = $1 AND interrupts AND queued_at > $2",
        [
          .text(name),
          .timestamp(unixMicroseconds: now - entry.budget.windowSeconds * 1_000_000),
        ]
      ).map { $0.timestamp(0) }
      let ledger = BudgetLedger(budget: entry.budget, sent: sent)
      found[name, default: ReceiverStanding(receiver: name)].budgetRemaining =
        ledger.remaining(at: now)
    }
    return found.values.sorted { $0.receiver < $1.receiver }
  }

  /// Sends a message that says it is a test; nil for a receiver that cannot be reached.
  func test(receiver name: String, change: [UInt8], notice: Notice, now: Int64) async throws
    -> WireUUID?
  {
    guard configuration.current.receivers[name]?.way != nil else { return nil }
    return try await pool.transaction { connection in
      try keepSubmission(notice, change, now: now, on: connection)
      let route = RouteMatch(path: "test", key: "test", policy: RoutePolicy(receiver: name))
      let place = GroupPlace(receiver: name, match: route)
      return try insert(
        NewDelivery(
          threadKey: threadKey(
            .anomaly(notice.anomaly), in: place, labels: [:], channel: name),
          channel: name, place: place, action: .trigger, reason: .test, notices: [notice],
          mark: OutgoingMessage.Mark.test.rawValue),
        now: now, on: connection)
    }
  }
}
