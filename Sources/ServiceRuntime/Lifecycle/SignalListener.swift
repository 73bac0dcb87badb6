internal import Glibc
internal import Locking

/// Hears SIGTERM and SIGINT, on a thread of its own.
///
/// The handler may do next to nothing, so it writes one byte into a pipe; the thread reads it. One
/// listener at a time.
final class SignalListener: Sendable {
  private static let signals = [SIGTERM, SIGINT]

  /// Written before the handlers are set, and only then.
  nonisolated(unsafe) private static var pipeEnd: Int32 = -1
  private static let isTaken = Locked(false)

  private let writeEnd: Int32
  private let isStopped = Locked(false)

  init(_ heard: @escaping @Sendable () -> Void) {
    let wasTaken = Self.isTaken.withLock { taken in
      defer { taken = true }
      return taken
    }
    precondition(!wasTaken, "two groups of services handle signals in one process")
    var ends: [Int32] = [0, 0]
    precondition(pipe(&ends) == 0, "no pipe for signals")
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let readEnd = ends[0]
    writeEnd = ends[1]
    Self.pipeEnd = ends[1]
    for signal in Self.signals {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { number in
        let before = errno
        var byte = UInt8(truncatingIfNeeded: number)
        _ = Glibc.write(SignalListener.pipeEnd, &byte, 1)
        errno = before
      }
      action.sa_flags = SA_RESTART
      sigaction(signal, &action, nil)
    }
    DetachedThread.start { Self.listen(readEnd, heard) }
  }

  /// Gives both signals their usual effect again.
  func stop() {
    let wasStopped = isStopped.withLock { stopped in
      defer { stopped = true }
      return stopped
    }
    guard !wasStopped else { return }
    for number in Self.signals { signal(number, SIG_DFL) }
    Self.pipeEnd = -1
    close(writeEnd)
    Self.isTaken.withLock { $0 = false }
  }

  /// Ends when the other end of the pipe is closed.
  private static func listen(_ readEnd: Int32, _ heard: @Sendable () -> Void) {
    var byte: UInt8 = 0
    var count = 0
    while true {
      let result = read(readEnd, &byte, 1)
      if result < 0 && errno == EINTR { continue }
      guard result == 1 else { break }
      count += 1
      // Who asks a third time gets what the system does by itself: the process ends at once.
      if count == 2 { for number in signals { signal(number, SIG_DFL) } }
      heard()
    }
    close(readEnd)
  }
}

/// A thread that nobody joins.
enum DetachedThread {
  private final class Work {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  static func start(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let work = Unmanaged.passRetained(Work(body))
    let result = pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
      }, work.toOpaque())
    precondition(result == 0, "no thread could be made")
    pthread_detach(thread)
  }
}
