import Integration
import Testing

@Suite("How fast messages go")
struct RateLimiterTests {
  @Test func `a fifth of a minute's messages go at once, the rest evenly`() {
    let limiter = RateLimiter(eventsPerMinute: 60)
    let waits = (0..<14).map { limiter.waitMicroseconds(for: "\($0)", now: 0) }
    #expect(waits.prefix(12).allSatisfy { $0 == nil })
    #expect(waits.suffix(2) == [1_000_000, 2_000_000])
  }

  @Test func `a rest that was asked for holds everybody, and spreads who waits behind it`() {
    let limiter = RateLimiter(eventsPerMinute: 60)
    for number in 0..<12 { _ = limiter.waitMicroseconds(for: "\(number)", now: 0) }
    #expect(limiter.waitMicroseconds(for: "early", now: 0) == 1_000_000)
    limiter.hold(seconds: 30, now: 0)
    // A second request for the same rest, or a shorter one, changes nothing.
    limiter.hold(seconds: 30, now: 0)
    limiter.hold(seconds: 5, now: 10_000_000)
    #expect(limiter.waitMicroseconds(for: "early", now: 1_000_000) == 30_000_000)
    #expect(limiter.waitMicroseconds(for: "late", now: 1_000_000) == 31_000_000)
    #expect(limiter.waitMicroseconds(for: "early", now: 31_000_000) == nil)
  }

  @Test func `after a rest of an idle limit nothing goes all at once`() {
    let limiter = RateLimiter(eventsPerMinute: 60)
    limiter.hold(seconds: 10, now: 0)
    let waits = (0..<3).map { limiter.waitMicroseconds(for: "\($0)", now: 0) }
    #expect(waits == [10_000_000, 11_000_000, 12_000_000])
    #expect(limiter.waitMicroseconds(for: "0", now: 10_000_000) == nil)
  }

  @Test(arguments: [3_601, Int.max])
  func `nobody can ask for a rest without end`(seconds: Int) {
    let limiter = RateLimiter(eventsPerMinute: 60)
    limiter.hold(seconds: seconds, now: 0)
    #expect(limiter.waitMicroseconds(for: "one", now: 0) == 3_600_000_000)
  }
}
