internal import Locking

/// A limit of events a minute under one name, with places kept for those who wait.
///
/// The events of a burst are spread: at most a fifth of a minute's events go out at once. Who
/// comes too early is told when its turn is, and keeps that turn; so a crowd of waiting jobs does
/// not come back over and over. The state is that of one process: several replicas share a limit
/// only by being given a part of it each.
public struct RateLimiter: Sendable {
  private struct State {
    // The moment at which all events let through so far would have been evenly spaced.
    var paidUntil: Int64 = 0
    var turns: [String: Int64] = [:]
  }

  private let intervalMicroseconds: Int64
  private let burstMicroseconds: Int64
  private let state = Locked(State())

  /// Takes the limit, above zero.
  public init(eventsPerMinute: Int) {
    precondition(eventsPerMinute > 0, "a limit of nothing sends nothing")
    intervalMicroseconds = 60_000_000 / Int64(eventsPerMinute)
    burstMicroseconds = intervalMicroseconds * Int64(max(1, eventsPerMinute / 5) - 1)
  }

  /// Nil when the event may go now; else how long it is to wait, in microseconds.
  public func waitMicroseconds(for event: String, now: Int64) -> Int64? {
    state.withLock { state in
      if let turn = state.turns[event] {
        if turn > now { return turn - now }
        state.turns[event] = nil
        return nil
      }
      let start = max(state.paidUntil, now)
      state.paidUntil = start + intervalMicroseconds
      let turn = start - burstMicroseconds
      if turn <= now { return nil }
      state.turns[event] = turn
      return turn - now
    }
  }
}
