/// When a failed attempt is made again.
///
/// Only UNAVAILABLE is repeated, only for methods marked idempotent, never past the deadline and
/// only while the channel's retry budget lasts.
public struct RetryPolicy: Sendable, Hashable {
  /// The most attempts, the first among them.
  public var attempts: Int

  /// The wait before the second attempt, in milliseconds; it doubles with each further one.
  public var firstWaitMilliseconds: Int

  /// The longest wait, in milliseconds.
  public var longestWaitMilliseconds: Int

  /// How far a wait may stray to either side, as a fraction of it.
  public var jitter: Double

  /// Makes a policy.
  public init(
    attempts: Int, firstWaitMilliseconds: Int = 100, longestWaitMilliseconds: Int = 5_000,
    jitter: Double = 0.2
  ) {
    self.attempts = max(1, attempts)
    self.firstWaitMilliseconds = firstWaitMilliseconds
    self.longestWaitMilliseconds = longestWaitMilliseconds
    self.jitter = jitter
  }

  /// Four attempts, 100 ms doubling to 5 s, 20 % jitter.
  public static let standard = RetryPolicy(attempts: 4)

  /// One attempt only.
  public static let never = RetryPolicy(attempts: 1)

  /// The wait after an attempt, in milliseconds.
  ///
  /// - Parameters:
  ///   - attempt: The attempt that failed, from 1.
  ///   - chance: A number of 0 up to 1 that places the wait within its jitter.
  ///   - pushBackMilliseconds: What the server asked for, which is the least that is waited.
  /// - Returns: The wait.
  public func waitMilliseconds(
    afterAttempt attempt: Int, chance: Double, pushBackMilliseconds: Int = 0
  ) -> Int {
    let doublings = min(max(attempt - 1, 0), 20)
    let wait = min(
      Double(firstWaitMilliseconds) * Double(1 << doublings),
      Double(longestWaitMilliseconds))
    let strayed = wait * (1 - jitter + 2 * jitter * chance)
    return max(Int(strayed), pushBackMilliseconds)
  }
}
