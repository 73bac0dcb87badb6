internal import Locking

/// Counts refused tokens by the place they came from.
///
/// A valid token is let in all the same: it has 256 random bits, so guesses of others must not keep
/// its holder out.
final class RefusalLimiter: Sendable {
  /// Places remembered at once; beyond it the oldest minute is forgotten first.
  static let placesLimit = 10_000
  static let windowSeconds: Double = 60

  private let limit: Int
  private let now: @Sendable () -> Double
  private let moments = Locked<[String: [Double]]>([:])

  /// Takes how many refusals a minute are borne, and a clock in seconds.
  init(limit: Int, now: @escaping @Sendable () -> Double) {
    self.limit = limit
    self.now = now
  }

  /// Notes a refusal; gives how long the place should wait, in seconds, or nil when it may go on.
  func note(_ place: String) -> Int? {
    let moment = now()
    return moments.withLock { moments in
      if moments.count >= Self.placesLimit && moments[place] == nil {
        moments = moments.filter { ($0.value.last ?? 0) > moment - Self.windowSeconds }
        // Should so many still be left, new places share one count.
        if moments.count >= Self.placesLimit { return Int(Self.windowSeconds) }
      }
      var recent = moments[place, default: []].filter { $0 > moment - Self.windowSeconds }
      defer { moments[place] = recent }
      guard recent.count < limit else {
        let oldest = recent.first ?? moment
        return max(1, Int((oldest + Self.windowSeconds - moment).rounded(.up)))
      }
      recent.append(moment)
      return nil
    }
  }
}
