internal import Glibc

/// The moment after which nobody waits for an answer any more.
///
/// Absolute and by the wall clock, so that it crosses processes; hosts are expected to keep time
/// by NTP.
public struct Deadline: Sendable, Hashable, Comparable {
  /// Microseconds since 1970-01-01T00:00:00Z.
  public let unixMicroseconds: Int64

  /// Takes a moment as it stands on the wire.
  public init(unixMicroseconds: Int64) {
    self.unixMicroseconds = unixMicroseconds
  }

  /// The moment that is so many milliseconds away.
  public static func after(milliseconds: Int) -> Deadline {
    let added = Int64(clamping: milliseconds).multipliedReportingOverflow(by: 1_000)
    let moment = now.unixMicroseconds.addingReportingOverflow(added.partialValue)
    guard !added.overflow, !moment.overflow else { return Deadline(unixMicroseconds: .max) }
    return Deadline(unixMicroseconds: moment.partialValue)
  }

  /// The present moment.
  public static var now: Deadline {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Deadline(unixMicroseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
  }

  /// Whether the moment has passed.
  public var hasPassed: Bool { self <= .now }

  /// How long is left, in milliseconds, rounded up; 0 when it has passed.
  public var remainingMilliseconds: Int { remainingMilliseconds(at: .now) }

  /// How long is left at a moment, in milliseconds, rounded up; 0 when it has passed by then.
  func remainingMilliseconds(at moment: Deadline) -> Int {
    let left = unixMicroseconds.subtractingReportingOverflow(moment.unixMicroseconds)
    guard !left.overflow, left.partialValue > 0 else { return 0 }
    return Int(left.partialValue / 1_000) + (left.partialValue % 1_000 == 0 ? 0 : 1)
  }

  /// The earlier of two is the smaller.
  public static func < (left: Deadline, right: Deadline) -> Bool {
    left.unixMicroseconds < right.unixMicroseconds
  }
}
