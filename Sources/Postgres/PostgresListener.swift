internal import CPostgres
internal import Glibc

/// What a listener hears.
public enum PostgresWakeUp: Sendable, Hashable {
  /// Listening has begun, for the first time or after a lost session: look for what was missed.
  case rescan
  /// Somebody sent a notification with this payload.
  case notified(payload: String)
}

/// The notifications of one channel, as a sequence that ends when its task is cancelled.
///
/// Notifications are hints: the truth is in tables, and each new session says `rescan` first.
public struct PostgresListener: AsyncSequence, Sendable {
  /// What the sequence gives.
  public typealias Element = PostgresWakeUp

  private let configuration: PostgresConfiguration
  private let channel: String

  /// Names a channel; listening begins with the first element.
  ///
  /// - Precondition: The channel is made of small letters, digits and underscores.
  public init(configuration: PostgresConfiguration, channel: String) {
    precondition(
      !channel.isEmpty
        && channel.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 },
      "a channel is a plain word")
    self.configuration = configuration
    self.channel = channel
  }

  /// Begins to listen.
  public func makeAsyncIterator() -> Iterator {
    Iterator(configuration: configuration, channel: channel)
  }

  /// Walks through the notifications on a connection of its own.
  public struct Iterator: AsyncIteratorProtocol {
    private let connection: PostgresConnection
    private let channel: String
    private let bell = ListenerBell()
    private var heardSession = 0
    private var waiting: [PostgresWakeUp] = []
    private var failures = 0

    init(configuration: PostgresConfiguration, channel: String) {
      connection = PostgresConnection(configuration: configuration)
      self.channel = channel
    }

    /// The next notification, or nil once the task is cancelled.
    public mutating func next() async -> PostgresWakeUp? {
      while !Task.isCancelled {
        if !waiting.isEmpty { return waiting.removeFirst() }
        do {
          try await hear()
          failures = 0
        } catch {
          failures += 1
          let limit = Swift.min(5_000, 50 << Swift.min(failures, 7))
          do {
            try await Task.sleep(for: .milliseconds(Int.random(in: limit / 2...limit)))
          } catch { break }
        }
      }
      await connection.close()
      return nil
    }

    private mutating func hear() async throws(PostgresError) {
      let session = try await connection.subscribe(channel)
      if session != heardSession {
        heardSession = session
        waiting = [.rescan]
        return
      }
      let bell = bell
      let connection = connection
      let heard = await withTaskCancellationHandler {
        await connection.notifications(bell: bell)
      } onCancel: {
        bell.ring()
      }
      waiting += heard.map { .notified(payload: $0) }
    }
  }
}

/// Ends a wait for notifications from outside.
///
/// `@unchecked Sendable`: a descriptor of the kernel, written and polled from any thread.
final class ListenerBell: @unchecked Sendable {
  let descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))

  deinit { Glibc.close(descriptor) }

  func ring() {
    var one: UInt64 = 1
    // It can only fail when it has rung already.
    _ = write(descriptor, &one, 8)
  }
}

extension PostgresConnection {
  /// Listens on the channel once for each connection to the server, and numbers the connection.
  fileprivate func subscribe(_ channel: String) throws(PostgresError) -> Int {
    if let session, session.isUsable { return sessionCount }
    try executeScript(text: "LISTEN \(channel)")
    return sessionCount
  }

  /// Waits for notifications, the bell, or half a minute, whichever is first.
  fileprivate func notifications(bell: ListenerBell) -> [String] {
    guard let session else { return [] }
    var heard = session.takeNotifications()
    if !heard.isEmpty { return heard }
    var descriptors = [
      pollfd(fd: PQsocket(session.handle), events: Int16(POLLIN), revents: 0),
      pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0),
    ]
    _ = poll(&descriptors, nfds_t(descriptors.count), 30_000)
    // A failure shows in the session's state, and the next `subscribe` connects anew.
    if PQconsumeInput(session.handle) == 1 { heard = session.takeNotifications() }
    return heard
  }
}

extension PostgresSession {
  fileprivate func takeNotifications() -> [String] {
    var payloads: [String] = []
    while let notification = PQnotifies(handle) {
      payloads.append(String(cString: notification.pointee.extra))
      PQfreemem(notification)
    }
    return payloads
  }
}
