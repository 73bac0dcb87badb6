internal import Alerting
internal import Cryptography
internal import Postgres
internal import SeriesContract
internal import SeriesModel
internal import WorkQueue

/// A message that was decided upon.
struct NewDelivery {
  /// Most anomalies that one message speaks of by name.
  static let itemsLimit = 20

  var threadKey: String
  /// The receiver that sends it.
  var channel: String
  /// Further ones, for when that one never takes it.
  var fallbacks: [String] = []
  /// Whom it tells.
  var place: GroupPlace
  var identity: [UInt8]?
  var groupKey = "{}"
  var groupLabels: Labels = [:]
  var action: PlannedAction
  var reason: NotificationReason
  /// Most important first; at least one.
  var notices: [Notice]
  var interrupts = false
  var mark = ""
  /// In place of the words of the most important one.
  var subject: String?
}

// Rows of the log.
extension DeliveryStore {
  /// The receivers that reach whom a group tells, the preferred one first.
  func channels(of place: GroupPlace, for notice: Notice) -> [String] {
    let routes = configuration.current
    guard let name = place.person else {
      return routes.receivers[place.receiver] == nil ? [] : [place.receiver]
    }
    let person = routes.alerting.directory?.person(named: name)
    return (person?.channels ?? []).filter { channel in
      // Good news does not wake people, whatever they prefer.
      guard let receiver = routes.receivers[channel], receiver.way != nil else { return false }
      return !(receiver.rules.pages && notice.intent == .opportunity)
    }
  }

  /// The name by which a receiver knows that several messages speak of one thing.
  ///
  /// It depends on nothing but who is told of what, so a message that is sent again after a
  /// crash, or by another replica, carries the same one.
  func threadKey(
    _ scope: ThreadScope, in place: GroupPlace, labels: Labels, channel: String
  ) -> String {
    let identity = scope.identity(in: place, labels: labels)
    let text = place.person == nil ? identity : "\(identity)\u{0}\(channel)"
    return "tm1:" + Hexadecimal.encode(SHA256.hash(text))
  }

  /// Writes a message down as the thread's next one, with the job that sends it.
  @discardableResult
  func insert(
    _ new: NewDelivery, now: Int64, on connection: isolated PostgresConnection
  ) throws -> WireUUID? {
    guard let lead = new.notices.first else { preconditionFailure("a message says something") }
    let ordinal = try connection.execute(
      """
      INSERT INTO notification_thread (thread_key, receiver, last_sent_at, ordinal)
      VALUES ($1, $2, CASE WHEN $3 = 'trigger' THEN $4::timestamptz END, 1)
      ON CONFLICT (thread_key) DO UPDATE SET ordinal = notification_thread.ordinal + 1,
        last_sent_at = CASE $3 WHEN 'trigger' THEN $4::timestamptz WHEN 'resolve' THEN NULL
          ELSE notification_thread.last_sent_at END
      RETURNING ordinal
      """,
      [
        .text(new.threadKey), .text(new.channel), .text(new.action.rawValue),
        .timestamp(unixMicroseconds: now),
      ]
    ).first?.int64(0)
    let id = deliveryID(thread: new.threadKey, ordinal: ordinal ?? 0)
    let kind = configuration.current.receivers[new.channel]?.kind ?? "none"
    try connection.execute(
      """
      INSERT INTO delivery (id, anomaly_id, revision, kind, receiver, receiver_kind,
        deduplication_key, status, reason, route, queued_at, give_up_at, action,
        notification_reason, person, identity, group_key, group_labels, told_receiver, interrupts,
        fallbacks, omitted, mark, subject)
      VALUES ($1, $2, $3, $4, $5, $6, $7, 1, '', $8, $9,
        $9::timestamptz + make_interval(secs => $10), $11, $12, $13, $14, $15, $16, $17, $18, $19,
        $20, $21, $22)
      """,
      [
        .uuid(high: id.high, low: id.low), .anomaly(lead.anomaly), .int64(Int64(lead.revision)),
        .int16(Int16(lead.kind.rawValue)), .text(new.channel), .text(kind), .text(new.threadKey),
        .text(new.place.match.path), .timestamp(unixMicroseconds: now), .double(giveUpSeconds),
        .text(new.action.rawValue), .text(new.reason.rawValue), .text(new.place.person ?? ""),
        new.identity.map { .bytes($0) } ?? .null, .text(new.groupKey),
        .text(StoredLabels.text(new.groupLabels)), .text(new.place.receiver),
        .bool(new.interrupts), .textArray(new.fallbacks),
        .int32(Int32(clamping: max(0, new.notices.count - NewDelivery.itemsLimit))),
        .text(new.mark), .optionalText(new.subject),
      ])
    try insertItems(new.notices, of: id, on: connection)
    figures.countDecision(kind, .queued)
    try activate(new.threadKey, receiver: new.channel, on: connection)
    return id
  }

  private func insertItems(
    _ notices: [Notice], of id: WireUUID, on connection: isolated PostgresConnection
  ) throws {
    try connection.execute(
      """
      INSERT INTO delivery_item (delivery_id, place, anomaly_id, revision, kind)
      SELECT $1, place, anomaly_id, revision, kind
      FROM unnest($2::int[], $3::uuid[], $4::int8[], $5::int2[])
        AS item(place, anomaly_id, revision, kind)
      """,
      [
        .uuid(high: id.high, low: id.low), .int32Array(notices.indices.map { Int32($0) }),
        .uuidArray(notices.map { PostgresUUID(high: $0.anomaly.high, low: $0.anomaly.low) }),
        .int64Array(notices.map { Int64($0.revision) }),
        .int16Array(notices.map { Int16($0.kind.rawValue) }),
      ])
  }

  /// Writes down that something is not sent, and why.
  func log(
    _ standing: Standing, _ notice: Notice, _ group: StoredGroup, now: Int64,
    on connection: isolated PostgresConnection
  ) throws {
    let kind = configuration.current.receivers[group.place.receiver]?.kind ?? "none"
    let status: DeliveryStatus = standing.disposition == .withoutRoute ? .withoutRoute : .skipped
    try logRow(
      notice, receiver: group.place.receiver, person: group.place.person ?? "", kind: kind,
      route: group.place.match.path, status: status, standing, now: now, on: connection)
  }

  /// Writes down that a change came too late to matter.
  func log(
    _ notice: Notice, _ reason: NotificationAction.Reason, now: Int64,
    on connection: isolated PostgresConnection
  ) throws {
    try logRow(
      notice, receiver: "", person: "", kind: "none", route: "", status: .skipped,
      Standing(.pending, cause: reason.rawValue), now: now, on: connection)
  }

  /// Writes down that a route leads nowhere; the anomaly's account where no other one leads on.
  func logWithoutRoute(
    _ notice: Notice, _ cause: String, isAlone: Bool, now: Int64,
    on connection: isolated PostgresConnection
  ) throws {
    try logRow(
      notice, receiver: "", person: "", kind: "none", route: "", status: .withoutRoute,
      Standing(.withoutRoute, cause: cause), now: now, on: connection)
    guard isAlone else { return }
    try connection.execute(
      """
      INSERT INTO unrouted (anomaly_id, cause, at) VALUES ($1, $2, $3)
      ON CONFLICT (anomaly_id) DO UPDATE SET cause = EXCLUDED.cause
      """, [.anomaly(notice.anomaly), .text(cause), .timestamp(unixMicroseconds: now)])
  }

  private func logRow(
    _ notice: Notice, receiver: String, person: String, kind: String, route: String,
    status: DeliveryStatus, _ standing: Standing, now: Int64,
    on connection: isolated PostgresConnection
  ) throws {
    let id = randomID()
    try connection.execute(
      """
      INSERT INTO delivery (id, anomaly_id, revision, kind, receiver, receiver_kind,
        deduplication_key, status, reason, route, queued_at, give_up_at, person, disposition,
        told_receiver)
      VALUES ($1, $2, $3, $4, $5, $6, '', $7, $8, $9, $10, $10, $11, $12, $5)
      """,
      [
        .uuid(high: id.high, low: id.low), .anomaly(notice.anomaly),
        .int64(Int64(notice.revision)), .int16(Int16(notice.kind.rawValue)), .text(receiver),
        .text(kind), .int16(status.rawValue), .text(standing.cause), .text(route),
        .timestamp(unixMicroseconds: now), .text(person),
        .int16(standing.disposition.rawValue),
      ])
    try insertItems([notice], of: id, on: connection)
    figures.countDecision(kind, status)
  }

  /// Gives the oldest waiting delivery of a thread its job, unless one of the thread has one.
  func activate(
    _ threadKey: String, receiver: String, on connection: isolated PostgresConnection
  ) throws {
    let rows = try connection.execute(
      """
      UPDATE delivery SET is_active = true
      WHERE sequence = (
        SELECT min(sequence) FROM delivery
        WHERE deduplication_key = $1 AND status = 1
        HAVING NOT bool_or(is_active))
      RETURNING id
      """, [.text(threadKey)])
    let jobs = rows.map { row in
      let id = row.uuid(0)
      return NewJob(
        kind: Receiver.jobKind(receiver), key: WireUUID(high: id.high, low: id.low).text)
    }
    try queue.enqueue(jobs, on: connection)
  }
}
