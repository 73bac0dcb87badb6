internal import Alerting
internal import AnomalyContract
internal import Cryptography
internal import DeliveryContract
internal import Integration
internal import Postgres
internal import RPC

/// One group as it is kept, with what tells it from others.
struct StoredGroup {
  let identity: [UInt8]
  var place: GroupPlace
  var labels: Labels
  var lastFlush: Int64?
  var flushAt: Int64?
  /// What else is kept of a member; the rest is in the group.
  struct Entry {
    var standing: Standing {
      didSet { isDecided = true }
    }
    /// Whether the standing is other than it was read.
    private(set) var isDecided = false
    var escalation: EscalationPlace?
  }
  var entries: [AnomalyReference: Entry] = [:]
  var group: NotificationGroup

  var membersByAnomaly: [AnomalyReference: GroupMember] {
    Dictionary(group.members.map { ($0.notice.anomaly, $0) }, uniquingKeysWith: { $1 })
  }

  /// The identity of a group's row.
  static func identity(_ place: GroupPlace, _ labels: Labels) -> [UInt8] {
    SHA256.hash(place.identity(labels: labels))
  }
}

// Groups and their members.
extension DeliveryStore {
  /// Groups with all that are in them; locked, in the order that all lock them in.
  func groups(
    _ identities: [[UInt8]], on connection: isolated PostgresConnection
  ) throws -> [StoredGroup] {
    let rows = try connection.execute(
      """
      SELECT identity, receiver, person, match, labels, last_flush_at, flush_at FROM alarm_group
      WHERE identity = ANY ($1) ORDER BY identity FOR UPDATE
      """, [.bytesArray(identities)])
    let alerting = configuration.current.alerting
    var found = try rows.map { row in
      let person = row.text(2)
      let place = GroupPlace(
        receiver: row.text(1), person: person.isEmpty ? nil : person,
        match: try RouteMatch(stored: row.text(3)))
      let labels = try StoredLabels.labels(row.text(4))
      return StoredGroup(
        identity: row.bytes(0), place: place, labels: labels,
        lastFlush: row.optionalTimestamp(5), flushAt: row.optionalTimestamp(6),
        group: NotificationGroup(
          labels: labels, policy: policy(of: place), rules: alerting.rules(of: place)))
    }
    try addMembers(to: &found, on: connection)
    return found
  }

  /// A route's policy, with repetitions as often as the receiver's side needs them: what
  /// Alertmanager is not told again in time ends there.
  func policy(of place: GroupPlace) -> RoutePolicy {
    var policy = place.match.policy
    if let seconds = configuration.current.receivers[place.receiver]?.way?.resendSeconds {
      policy.repeatIntervalSeconds = min(policy.repeatIntervalSeconds, Double(seconds))
      policy.groupIntervalSeconds = min(policy.groupIntervalSeconds, Double(seconds))
    }
    return policy
  }

  private func addMembers(
    to groups: inout [StoredGroup], on connection: isolated PostgresConnection
  ) throws {
    let places = Dictionary(uniqueKeysWithValues: groups.enumerated().map { ($1.identity, $0) })
    let rows = try connection.execute(
      """
      SELECT m.identity, m.joined_at, m.told_state, m.told_type, m.told_severity, m.told_revision,
        m.is_moved_away, m.prompt, m.escalation, m.disposition, m.cause, a.change
      FROM group_member AS m JOIN anomaly AS a USING (anomaly_id)
      WHERE m.identity = ANY ($1) AND m.left_at IS NULL ORDER BY m.identity, m.anomaly_id
      """, [.bytesArray(groups.map(\.identity))])
    for row in rows {
      guard let place = places[row.bytes(0)] else { continue }
      let notice = try Notice(AnomalyChange(wireBytes: row.bytes(11)))
      var told: Told?
      if let state = row.optionalInt64(2).flatMap({ Told.State(rawValue: Int16($0)) }) {
        told = Told(
          state: state, type: row.text(3),
          severity: NoticeSeverity(rawValue: row.int(4)) ?? .info,
          revision: UInt32(clamping: row.int64(5)))
      }
      groups[place].group.members.append(
        GroupMember(
          notice: notice, joinedUnixMicroseconds: row.timestamp(1), told: told,
          isMovedAway: row.bool(6),
          prompt: row.optionalText(7).flatMap { NotificationReason(rawValue: $0) }))
      groups[place].entries[notice.anomaly] = StoredGroup.Entry(
        standing: Standing(
          Disposition(rawValue: Int16(row.int(9))) ?? .pending, cause: row.text(10)),
        escalation: row.optionalText(8).flatMap { EscalationPlace(stored: $0) })
    }
  }

  /// Writes a group's row, not its members.
  func save(_ group: StoredGroup, on connection: isolated PostgresConnection) throws {
    try connection.execute(
      """
      INSERT INTO alarm_group (identity, receiver, person, match, labels, last_flush_at, flush_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7)
      ON CONFLICT (identity) DO UPDATE SET match = EXCLUDED.match,
        last_flush_at = EXCLUDED.last_flush_at, flush_at = EXCLUDED.flush_at
      """,
      [
        .bytes(group.identity), .text(group.place.receiver), .text(group.place.person ?? ""),
        .text(group.place.match.stored), .text(StoredLabels.text(group.labels)),
        .optionalTimestamp(group.lastFlush), .optionalTimestamp(group.flushAt),
      ])
  }

  /// Writes what is known of one member; it leaves the group where `isLeaving` says so.
  ///
  /// A sender may have written what became of its message since the group was read: that stays,
  /// unless something else was decided here, and what was sent does not become pending again.
  func save(
    _ member: GroupMember, _ entry: StoredGroup.Entry, in identity: [UInt8], isLeaving: Bool,
    now: Int64, on connection: isolated PostgresConnection
  ) throws {
    try connection.execute(
      """
      INSERT INTO group_member (identity, anomaly_id, joined_at, left_at, told_state, told_type,
        told_severity, told_revision, is_moved_away, prompt, escalation, disposition, cause,
        disposed_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
      ON CONFLICT (identity, anomaly_id) DO UPDATE SET joined_at = EXCLUDED.joined_at,
        left_at = EXCLUDED.left_at, told_state = EXCLUDED.told_state,
        told_type = EXCLUDED.told_type, told_severity = EXCLUDED.told_severity,
        told_revision = EXCLUDED.told_revision, is_moved_away = EXCLUDED.is_moved_away,
        prompt = EXCLUDED.prompt, escalation = EXCLUDED.escalation,
        (disposition, cause, disposed_at) = (
          SELECT disposition, cause, disposed_at FROM (VALUES
            (true, group_member.disposition, group_member.cause, group_member.disposed_at),
            (false, EXCLUDED.disposition, EXCLUDED.cause, EXCLUDED.disposed_at))
            AS standing (is_kept, disposition, cause, disposed_at)
          WHERE is_kept = (group_member.left_at IS NULL AND (NOT $15
            OR (group_member.disposition = 1 AND EXCLUDED.disposition = 0))))
      """,
      [
        .bytes(identity), .anomaly(member.notice.anomaly),
        .timestamp(unixMicroseconds: member.joinedUnixMicroseconds),
        isLeaving ? .timestamp(unixMicroseconds: now) : .null,
        member.told.map { .int16($0.state.rawValue) } ?? .null,
        .optionalText(member.told?.type),
        member.told.map { .int16(Int16($0.severity.rawValue)) } ?? .null,
        member.told.map { .int64(Int64($0.revision)) } ?? .null, .bool(member.isMovedAway),
        .optionalText(member.prompt?.rawValue), .optionalText(entry.escalation?.stored),
        .int16(entry.standing.disposition.rawValue), .text(entry.standing.cause),
        .timestamp(unixMicroseconds: now), .bool(entry.isDecided),
      ])
  }
}

extension EscalationPlace {
  /// The text of a row.
  var stored: String { "\(step)/\(round)/\(policy)" }

  /// Reads the text of a row; nil for anything else.
  init?(stored text: String) {
    let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, let step = Int(parts[0]), let round = Int(parts[1]) else { return nil }
    self.init(policy: String(parts[2]), step: step, round: round)
  }
}

extension PostgresValue {
  /// A moment in microseconds since 1970; NULL for nil.
  static func optionalTimestamp(_ moment: Int64?) -> PostgresValue {
    moment.map { .timestamp(unixMicroseconds: $0) } ?? .null
  }
}
