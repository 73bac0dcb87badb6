internal import Locking

/// How many retries a caller may still make.
///
/// Ten to begin with; each call that succeeds earns a tenth of one. So when a backend is down,
/// retries add a tenth to its load at most, and not three times as much.
final class RetryBudget: Sendable {
  static let tokensLimit = 10.0
  static let tokensEarned = 0.1

  private let tokens = Locked(tokensLimit)

  /// Takes a retry, if one is left.
  func take() -> Bool {
    tokens.withLock { tokens in
      guard tokens >= 1 else { return false }
      tokens -= 1
      return true
    }
  }

  /// Earns for a call that succeeded.
  func earn() {
    tokens.withLock { $0 = min($0 + Self.tokensEarned, Self.tokensLimit) }
  }
}
