internal import CNanomsg
internal import Glibc
public import Locking
internal import Synchronization

/// Notices when libnng no longer clears broken connections away.
///
/// libnng 1.5.2 reads a message in two steps. A connection that ends between them (a peer that is
/// killed while it sends is enough) makes libnng's one cleaning thread wait for ever for the second
/// step. From then on the process keeps every connection that breaks, none of its sockets connects
/// again, and none ends its closing. Nothing in libnng's interface mends that, so the process has
/// to start over; this says when.
///
/// After connections have ended, a pair of sockets within the process is connected and closed,
/// which takes the cleaning thread.
public final class CleanerWatch: Sendable {
  /// The watch of this process.
  public static let shared = CleanerWatch()

  /// Opens when libnng has stopped clearing up.
  public let isStuck = Latch()

  /// How long the closing of a pair may take, in seconds.
  ///
  /// It takes less than a millisecond; the rest is for machines that have too much to do.
  private static let patienceSeconds = 10

  /// How long the watch waits for more connections to end before it tries, in microseconds.
  private static let settleMicroseconds: UInt32 = 500_000

  private let bell = Bell()
  private let isStarted = Atomic<Bool>(false)

  private init() {}

  /// Notes that a connection has ended; from libnng's own threads.
  func connectionEnded() {
    if isStarted.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged {
      startDetachedThread { [self] in watch() }
    }
    bell.ring()
  }

  /// Asks libnng to tell of the connections of a socket that end.
  func observe(_ socket: nng_socket) throws(NanomsgError) {
    let number = nng_pipe_notify(
      socket, NNG_PIPE_EV_REM_POST, { _, _, _ in CleanerWatch.shared.connectionEnded() }, nil)
    try NanomsgError.check(number, "watch connections")
  }

  private func watch() {
    while true {
      bell.wait()
      usleep(Self.settleMicroseconds)
      if !cleans() { return isStuck.open() }
    }
  }

  /// Whether libnng clears a pair of sockets away in time.
  func cleans() -> Bool {
    let closed = Bell()
    guard let pair = Self.connectedPair() else { return true }
    startDetachedThread {
      nng_close(pair.asking)
      nng_close(pair.answering)
      closed.ring()
    }
    return closed.wait(seconds: Self.patienceSeconds)
  }

  private struct Pair: @unchecked Sendable {
    var asking = nng_socket()
    var answering = nng_socket()
  }

  private static let pairs = Atomic<Int>(0)

  /// Two sockets that are connected; nil for want of memory, which says nothing of the cleaning.
  private static func connectedPair() -> Pair? {
    let url = "inproc://cleaner-watch-\(pairs.wrappingAdd(1, ordering: .relaxed).newValue)"
    var pair = Pair()
    guard nng_rep0_open(&pair.answering) == 0 else { return nil }
    guard nng_req0_open(&pair.asking) == 0 else {
      nng_close(pair.answering)
      return nil
    }
    guard nng_listen(pair.answering, url, nil, 0) == 0, nng_dial(pair.asking, url, nil, 0) == 0
    else {
      nng_close(pair.asking)
      nng_close(pair.answering)
      return nil
    }
    return pair
  }
}
