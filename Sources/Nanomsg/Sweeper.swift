internal import Glibc
internal import Locking
internal import Synchronization

/// Something that has deadlines to keep.
public protocol Sweepable: AnyObject, Sendable {
  /// Ends what is overdue.
  ///
  /// Called from the sweeper's thread, every few milliseconds while anything is under way.
  ///
  /// - Parameter nowMilliseconds: The present moment by ``Sweeper/nowMilliseconds``.
  /// - Returns: Whether anything is still under way.
  func sweep(nowMilliseconds: UInt64) -> Bool
}

/// The one thread of the process that ends overdue calls.
///
/// libnng's own time-outs are not used: in 1.5.2 its expiry can strike the next operation on a
/// reused handle, so that a fresh ten-second call times out at once.
public final class Sweeper: Sendable {
  /// The sweeper that all sockets share.
  public static let shared = Sweeper()

  /// How often overdue calls are looked for, which is how late an expiry may be.
  private static let tickNanoseconds = 2_000_000

  /// How many ticks nothing must be under way before the thread sleeps.
  ///
  /// Waking it costs more than some ticks; a client that makes one call at a time would otherwise
  /// wake it for each.
  private static let quietTicks = 50

  private struct Members {
    var sweepables: [WeakSweepable] = []
    var isStarted = false
  }

  private struct WeakSweepable {
    weak var sweepable: (any Sweepable)?
  }

  private let members = Locked(Members())
  private let isAwake = Atomic<Bool>(false)
  private let bell = Bell()

  private init() {}

  /// The present moment by a clock that never steps, in milliseconds.
  public static var nowMilliseconds: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000 + UInt64(time.tv_nsec) / 1_000_000
  }

  /// Takes something on; it is let go when it is freed.
  public func add(_ sweepable: any Sweepable) {
    let mustStart = members.withLock { members in
      members.sweepables.append(WeakSweepable(sweepable: sweepable))
      defer { members.isStarted = true }
      return !members.isStarted
    }
    if mustStart { startThread() }
  }

  /// Says that something is under way from now on.
  ///
  /// Called after it is recorded: so either this sees the thread asleep and wakes it, or the
  /// thread, which looks once more after it has declared itself asleep, sees the record.
  public func noteWork() {
    guard !isAwake.load(ordering: .sequentiallyConsistent) else { return }
    bell.ring()
  }

  private func startThread() {
    startDetachedThread { [self] in
      while true { run() }
    }
  }

  private func run() {
    isAwake.store(true, ordering: .sequentiallyConsistent)
    var quiet = 0
    while quiet < Self.quietTicks {
      var pause = timespec(tv_sec: 0, tv_nsec: Self.tickNanoseconds)
      nanosleep(&pause, nil)
      quiet = sweepAll() ? 0 : quiet + 1
    }
    isAwake.store(false, ordering: .sequentiallyConsistent)
    guard !sweepAll() else { return }
    bell.wait()
  }

  private func sweepAll() -> Bool {
    let sweepables = members.withLock { members in
      members.sweepables.removeAll { $0.sweepable == nil }
      return members.sweepables.compactMap(\.sweepable)
    }
    let now = Self.nowMilliseconds
    var anyUnderWay = false
    for sweepable in sweepables where sweepable.sweep(nowMilliseconds: now) {
      anyUnderWay = true
    }
    return anyUnderWay
  }
}

/// Starts a thread that nobody waits for.
func startDetachedThread(_ body: @escaping @Sendable () -> Void) {
  final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  let work = Unmanaged.passRetained(Work(body))
  var thread = pthread_t()
  let number = pthread_create(
    &thread, nil,
    { argument in
      guard let argument else { return nil }
      Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
      return nil
    }, work.toOpaque())
  precondition(number == 0, "the system has no thread left")
  pthread_detach(thread)
}
