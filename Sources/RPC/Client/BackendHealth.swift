/// Which backends of a balancer are fit to be called.
///
/// A value without a clock, so that its decisions can be tested one by one.
struct BackendHealth: Sendable {
  /// How many failures in a row eject a backend.
  static let failuresLimit = 3

  /// The first ejection, in milliseconds; it doubles with each one that follows at once.
  static let ejectionMillisecondsFirst: UInt64 = 1_000

  /// The longest ejection, in milliseconds.
  static let ejectionMillisecondsLongest: UInt64 = 30_000

  /// What is known of a backend when one is picked.
  struct Load {
    let isConnected: Bool
    let callsInFlight: Int
  }

  private struct Record {
    var failuresInRow = 0
    var ejections = 0
    var ejectedUntilMilliseconds: UInt64 = 0
  }

  private var records: [Record]
  private var turn = 0

  init(count: Int) {
    records = [Record](repeating: Record(), count: count)
  }

  func isEjected(_ index: Int, nowMilliseconds: UInt64) -> Bool {
    nowMilliseconds < records[index].ejectedUntilMilliseconds
  }

  /// The backend for the next attempt.
  ///
  /// Connected and not ejected ones first, then by calls in flight, then in turn. When all are
  /// ejected, the call goes to the one that comes back first: to refuse it would help nobody.
  mutating func pick(_ loads: [Load], nowMilliseconds: UInt64) -> Int {
    turn = (turn + 1) % records.count
    let order = (0..<records.count).map { ($0 + turn) % records.count }
    let fit = order.filter { !isEjected($0, nowMilliseconds: nowMilliseconds) }
    guard !fit.isEmpty else {
      return order.min {
        records[$0].ejectedUntilMilliseconds < records[$1].ejectedUntilMilliseconds
      } ?? 0
    }
    let connected = fit.filter { loads[$0].isConnected }
    let choice = connected.isEmpty ? fit : connected
    let index = choice.min { loads[$0].callsInFlight < loads[$1].callsInFlight } ?? 0
    if records[index].failuresInRow >= Self.failuresLimit {
      // Back from an ejection: this call finds out for all, the next ones wait for its outcome.
      eject(index, nowMilliseconds: nowMilliseconds)
    }
    return index
  }

  mutating func noteSuccess(_ index: Int) {
    records[index] = Record()
  }

  mutating func noteFailure(_ index: Int, nowMilliseconds: UInt64) {
    records[index].failuresInRow += 1
    if records[index].failuresInRow == Self.failuresLimit {
      eject(index, nowMilliseconds: nowMilliseconds)
    }
  }

  private mutating func eject(_ index: Int, nowMilliseconds: UInt64) {
    let doublings = UInt64(min(records[index].ejections, 5))
    let length = min(
      Self.ejectionMillisecondsFirst << doublings, Self.ejectionMillisecondsLongest)
    records[index].ejections += 1
    records[index].ejectedUntilMilliseconds = nowMilliseconds + length
  }
}
