/// The identity of a silence: a UUID as two words.
public struct SilenceID: Sendable, Hashable, Comparable {
  /// The first eight bytes, big-endian.
  public let high: UInt64

  /// The last eight bytes, big-endian.
  public let low: UInt64

  /// Joins two words.
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// The usual form: 32 hexadecimal digits in five groups.
  public var text: String { AnomalyReference(high: high, low: low).text }

  /// The order of the bytes.
  public static func < (left: SilenceID, right: SilenceID) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }
}

/// Where a silence stands.
public enum SilenceState: String, Sendable, Hashable, CaseIterable {
  /// Its time has not come.
  case pending
  /// It hides what it matches.
  case active
  /// Its time is over.
  case expired
}

/// Somebody's wish not to hear of some anomalies for a time.
///
/// All moments are microseconds since 1970.
public struct Silence: Sendable, Hashable {
  /// Which silence.
  public var id: SilenceID
  /// Alternatives, each a list of conditions that must all hold; usually one.
  public var matchers: [[Matcher]]
  /// Who answers for it.
  public var createdBy: String
  /// Why, in that person's words.
  public var comment: String
  /// From when on it hides.
  public var startsAt: Int64
  /// From when on it no longer hides.
  public var endsAt: Int64
  /// When it was made.
  public var createdAt: Int64
  /// When a person last changed it.
  public var updatedAt: Int64
  /// When it last hid something; nil while it has not.
  public var lastMatchedAt: Int64?
  /// Whether its owner has been told that it is about to end.
  public var reminderSent: Bool

  /// Gathers what is known of a silence; ``check(at:maximumSeconds:)`` judges it.
  public init(
    id: SilenceID, matchers: [[Matcher]], createdBy: String, comment: String = "",
    startsAt: Int64, endsAt: Int64, createdAt: Int64, updatedAt: Int64? = nil,
    lastMatchedAt: Int64? = nil, reminderSent: Bool = false
  ) {
    self.id = id
    self.matchers = matchers
    self.createdBy = createdBy
    self.comment = comment
    self.startsAt = startsAt
    self.endsAt = endsAt
    self.createdAt = createdAt
    self.updatedAt = updatedAt ?? createdAt
    self.lastMatchedAt = lastMatchedAt
    self.reminderSent = reminderSent
  }

  /// Where it stands at a moment; at its end it is over.
  public func state(at now: Int64) -> SilenceState {
    // The end first, so that a silence that was ended before it began is over at once.
    if now >= endsAt { return .expired }
    return now < startsAt ? .pending : .active
  }

  /// Whether the labels fulfil one of its lists of conditions, at whatever time.
  public func matches(_ labels: Labels) -> Bool {
    matchers.contains { set in set.allSatisfy { $0.matches(labels) } }
  }

  /// Whether it hides an anomaly with those labels at a moment.
  public func covers(_ labels: Labels, at now: Int64) -> Bool {
    state(at: now) == .active && matches(labels)
  }

  /// Ends it at a moment; one that is over stays as it is.
  public mutating func expire(at now: Int64) {
    switch state(at: now) {
    case .expired: return
    case .pending: startsAt = now
    case .active: break
    }
    endsAt = now
    updatedAt = now
  }

  /// Whether its owner is to be told now that it ends within that many microseconds.
  ///
  /// One that is shorter than that from the start needs no reminder: who made it knows.
  public func reminderDue(at now: Int64, before: Int64) -> Bool {
    state(at: now) == .active && !reminderSent && endsAt - startsAt > before
      && endsAt - now <= before
  }

  /// Whether it has hidden nothing for that many microseconds, so that it may be ended.
  ///
  /// A person's change counts as use: somebody has just said that it is wanted.
  public func isUnused(at now: Int64, after: Int64) -> Bool {
    state(at: now) == .active && now - max(startsAt, updatedAt, lastMatchedAt ?? startsAt) >= after
  }
}
