internal import Synchronization

/// How many retries a caller may still make.
///
/// Ten to begin with; each call that succeeds earns a tenth of one. So when a backend is down,
/// retries add a tenth to its load at most, and not three times as much.
final class RetryBudget: Sendable {
  /// In tenths of a retry, as is ``tokens``.
  static let tokensLimit = 100
  static let tokensSpent = 10
  static let tokensEarned = 1

  private let tokens = Atomic<Int>(tokensLimit)

  /// Takes a retry, if one is left.
  func take() -> Bool { change(by: -Self.tokensSpent) }

  /// Earns for a call that succeeded.
  func earn() { _ = change(by: Self.tokensEarned) }

  /// Changes the tokens within their limits; false when that is not possible.
  private func change(by added: Int) -> Bool {
    var seen = tokens.load(ordering: .relaxed)
    while (0...Self.tokensLimit).contains(seen + added) {
      let outcome = tokens.weakCompareExchange(
        expected: seen, desired: seen + added, ordering: .relaxed)
      if outcome.exchanged { return true }
      seen = outcome.original
    }
    return false
  }
}
