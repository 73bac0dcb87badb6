import Locking
import PointsContract
import RPC

/// Holds handlers up until it is opened, or until they are cancelled.
final class Gate: Sendable {
  private struct State {
    var isOpen = false
    var entered = 0
    var cancelled = 0
    var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
  }

  private let state = Locked(State())
  private let heedsCancellation: Bool

  init(heedsCancellation: Bool = true) {
    self.heedsCancellation = heedsCancellation
  }

  /// How many came to the gate.
  var entered: Int { state.withLock { $0.entered } }

  /// How many were asked to give up.
  var cancelled: Int { state.withLock { $0.cancelled } }

  /// Lets all pass, now and later.
  func open() {
    let waiting = state.withLock { state in
      defer { state.waiting = [:] }
      state.isOpen = true
      return state.waiting
    }
    for each in waiting.values { each.resume() }
  }

  /// Waits at the gate.
  func pass() async {
    let id = state.withLock { state in
      state.entered += 1
      return state.entered
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let passes = state.withLock { state in
          if state.isOpen || (Task.isCancelled && heedsCancellation) { return true }
          state.waiting[id] = continuation
          return false
        }
        if passes { continuation.resume() }
      }
    } onCancel: {
      let waiting = state.withLock { state in
        state.cancelled += 1
        return heedsCancellation ? state.waiting.removeValue(forKey: id) : nil
      }
      waiting?.resume()
    }
  }
}

extension IngestFixture {
  /// A handler whose `putPoints` waits at a gate.
  static func waiting(at gate: Gate) -> IngestFixture {
    var handler = IngestFixture()
    handler.putPointsBody = { (_, _) throws(RPCError) in
      await gate.pass()
      return PutPointsResponse()
    }
    return handler
  }
}
