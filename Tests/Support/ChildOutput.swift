internal import Foundation
internal import Glibc
internal import Locking

/// What a child says on one of its streams, taken as it comes by a thread that blocks in `read`.
public final class ChildOutput: Sendable {
  private struct State {
    var bytes: [UInt8] = []
    var isEnded = false
    var waiters: [Waiter] = []

    /// The first line that holds a text; one that has not ended counts when no more can come.
    func line(containing text: String) -> String? {
      var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      if !isEnded { lines.removeLast() }
      return lines.lazy.map { String(decoding: $0, as: UTF8.self) }.first { $0.contains(text) }
    }
  }

  private struct Waiter {
    /// What the line holds, or nil who waits for the end.
    let text: String?
    let continuation: CheckedContinuation<String?, Never>
  }

  private let state = Locked(State())

  /// Reads a pipe to its end and closes it; nil is a stream that was not collected.
  init(reading file: Int32?) {
    guard let file else {
      finish()
      return
    }
    Thread.detachNewThread { [self] in read(file) }
  }

  /// All that has come so far.
  public var text: String {
    String(decoding: state.withLock { $0.bytes }, as: UTF8.self)
  }

  /// The first line that holds a text, as soon as it is there, or nil when the stream ends without.
  public func line(containing text: String) async -> String? {
    await wait(for: text)
  }

  /// All that came, as soon as nobody can write any more.
  public func end() async -> String {
    _ = await wait(for: nil)
    return text
  }

  /// Gives the stream up: who waits for its end is let go.
  func finish() { change { $0.isEnded = true } }

  private func wait(for text: String?) async -> String? {
    await withCheckedContinuation { continuation in
      let waiter = Waiter(text: text, continuation: continuation)
      change { $0.waiters.append(waiter) }
    }
  }

  /// Changes the state and wakes those who have waited for that.
  private func change(_ body: (inout State) -> Void) {
    let woken = state.withLock { state in
      body(&state)
      let waiters = state.waiters
      state.waiters = []
      return waiters.compactMap { waiter -> (Waiter, String?)? in
        let line = waiter.text.flatMap(state.line)
        if line != nil || state.isEnded { return (waiter, line) }
        state.waiters.append(waiter)
        return nil
      }
    }
    for (waiter, line) in woken { waiter.continuation.resume(returning: line) }
  }

  private func read(_ file: Int32) {
    var buffer = [UInt8](repeating: 0, count: 64 * 1_024)
    while true {
      let count = Glibc.read(file, &buffer, buffer.count)
      if count > 0 {
        change { $0.bytes += buffer[..<count] }
      } else if count == 0 || errno != EINTR {
        break
      }
    }
    close(file)
    finish()
  }
}
