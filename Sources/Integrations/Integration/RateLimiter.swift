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
    var heldUntil: Int64 = 0
    var turns: [String: Int64] = [:]
  }

  /// The longest rest that one answer can ask for, in seconds: whoever answers is not ours.
  public static let holdSecondsLimit = 3_600

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
  /// Lets nothing go for so many seconds, because the other side asked for a rest.
  ///
  /// Who has a turn already keeps its place behind the rest, so that no crowd stands at its end.
  public func hold(seconds: Int, now: Int64) {
    state.withLock { state in
      let until = now + Int64(min(max(seconds, 0), Self.holdSecondsLimit)) * 1_000_000
      let delay = until - max(state.heldUntil, now)
      guard delay > 0 else { return }
      state.heldUntil = until
      state.paidUntil = max(state.paidUntil, now + burstMicroseconds) + delay
      state.turns = state.turns.mapValues { $0 + delay }
    }
  }
}
