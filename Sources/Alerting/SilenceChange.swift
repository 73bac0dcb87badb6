/// How a wish to change a silence is carried out.
public enum SilenceChange: Sendable, Hashable {
  /// The silence keeps its id.
  case inPlace(Silence)
  /// A new silence takes its place, so that what it hid before stays on record.
  ///
  /// The first is the old one as it has now ended; nil when it was over already.
  case replace(expired: Silence?, new: Silence)
}

// What people may ask for.
extension Silence {
  /// Most lists of conditions of one silence.
  public static let matcherSetsLimit = 20

  /// Most conditions of one list.
  public static let matchersLimit = 50

  /// Most bytes of a comment.
  public static let commentBytesLimit = 4_096

  /// Refuses a silence that must not be made.
  ///
  /// - Parameters:
  ///   - now: When it is asked for, in microseconds since 1970.
  ///   - maximumSeconds: The longest that its owner's role may ask for; nil has no limit.
  /// - Throws: ``AlertingError`` `badSilence` that names what is wrong.
  public func check(at now: Int64, maximumSeconds: Int64? = nil) throws(AlertingError) {
    guard !createdBy.isEmpty else {
      throw AlertingError(.badSilence, "the silence has no owner")
    }
    guard comment.utf8.count <= Self.commentBytesLimit else {
      throw AlertingError(
        .badSilence, "the comment has more than \(Self.commentBytesLimit) bytes")
    }
    guard !matchers.isEmpty, matchers.count <= Self.matcherSetsLimit else {
      throw AlertingError(
        .badSilence,
        "the silence has \(matchers.count) lists of matchers: 1 to \(Self.matcherSetsLimit) may be")
    }
    for set in matchers { try Self.check(set) }
    guard startsAt < endsAt else {
      throw AlertingError(.badSilence, "the silence ends before it begins")
    }
    guard endsAt > now else { throw AlertingError(.badSilence, "the silence ends in the past") }
    if let maximumSeconds, endsAt - max(startsAt, createdAt) > maximumSeconds * 1_000_000 {
      throw AlertingError(
        .badSilence,
        "the silence lasts \(secondsText(endsAt - max(startsAt, createdAt))):"
          + " \(maximumSeconds) s are allowed")
    }
  }

  private static func check(_ set: [Matcher]) throws(AlertingError) {
    guard set.count <= matchersLimit else {
      throw AlertingError(
        .badSilence, "a list has \(set.count) matchers: \(matchersLimit) may be")
    }
    // What every missing label fulfils would hide all that there is.
    guard set.contains(where: { !$0.matches([:]) }) else {
      let text = set.map(\.description).joined(separator: ",")
      throw AlertingError(
        .badSilence, "{\(text)} would hide everything: one matcher must refuse the empty text")
    }
  }

  /// Decides how this silence becomes the one that is wanted.
  ///
  /// It is changed in place where its past stays true: the matchers are the same, and while it is
  /// active the second of its start is too, while it is pending the new start is not over. Else it
  /// ends and a new one begins.
  ///
  /// - Parameters:
  ///   - wanted: The matchers, owner, comment and times that it shall have; the rest is not looked at.
  ///   - newID: What a new silence would be known by.
  ///   - now: When it is asked for, in microseconds since 1970.
  ///   - maximumSeconds: The longest that the owner's role may ask for; nil has no limit.
  /// - Returns: What is to be stored.
  /// - Throws: ``AlertingError`` `badSilence`; then nothing is to change.
  public func change(
    to wanted: Silence, newID: SilenceID, at now: Int64, maximumSeconds: Int64? = nil
  ) throws(AlertingError) -> SilenceChange {
    if isChangedInPlace(to: wanted, at: now) {
      var changed = self
      changed.matchers = wanted.matchers
      changed.createdBy = wanted.createdBy
      changed.comment = wanted.comment
      // Callers may hold whole seconds; the start of what already hides does not move for that.
      changed.startsAt = state(at: now) == .active ? startsAt : wanted.startsAt
      changed.endsAt = wanted.endsAt
      changed.updatedAt = now
      // Who was reminded of the old end has not been of the new one.
      changed.reminderSent = reminderSent && wanted.endsAt == endsAt
      try changed.check(at: now, maximumSeconds: maximumSeconds)
      return .inPlace(changed)
    }
    let new = Silence(
      id: newID, matchers: wanted.matchers, createdBy: wanted.createdBy, comment: wanted.comment,
      startsAt: max(wanted.startsAt, now), endsAt: wanted.endsAt, createdAt: now)
    try new.check(at: now, maximumSeconds: maximumSeconds)
    guard state(at: now) != .expired else { return .replace(expired: nil, new: new) }
    var old = self
    old.expire(at: now)
    return .replace(expired: old, new: new)
  }

  private func isChangedInPlace(to wanted: Silence, at now: Int64) -> Bool {
    guard Set(matchers.map { Set($0) }) == Set(wanted.matchers.map { Set($0) }) else {
      return false
    }
    return switch state(at: now) {
    case .active: wholeSeconds(wanted.startsAt) == wholeSeconds(startsAt) && wanted.endsAt >= now
    case .pending: wanted.startsAt >= now
    case .expired: false
    }
  }
}

private func wholeSeconds(_ microseconds: Int64) -> Int64 {
  (microseconds - (microseconds < 0 ? 999_999 : 0)) / 1_000_000
}

private func secondsText(_ microseconds: Int64) -> String {
  "\((microseconds + 999_999) / 1_000_000) s"
}
