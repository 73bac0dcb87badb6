internal import Synchronization

/// How many calls a server is answering, and how many it may.
///
/// Counted without a lock: every call passes here twice.
final class CallCounts: Sendable {
  private let admitted = Atomic<Int>(0)
  private let unlimited = Atomic<Int>(0)
  private let abandoned = Atomic<Int>(0)
  private let limit: Int
  private let abandonedLimit: Int

  init(limit: Int, abandonedLimit: Int) {
    self.limit = limit
    self.abandonedLimit = abandonedLimit
  }

  /// How many calls are being answered, without those to Meta.
  var count: Int { admitted.load(ordering: .sequentiallyConsistent) }

  /// Whether no call is left, and every answer was handed over.
  var isIdle: Bool {
    count == 0 && unlimited.load(ordering: .sequentiallyConsistent) == 0
  }

  /// How many handlers run on after their deadline.
  var abandonedCount: Int { abandoned.load(ordering: .relaxed) }

  /// Counts a call; false when there is no room for it.
  ///
  /// Calls to Meta always find room: health must be told when a server has too much to do.
  func begin(isMeta: Bool) -> Bool {
    if isMeta {
      unlimited.wrappingAdd(1, ordering: .sequentiallyConsistent)
      return true
    }
    let count = admitted.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue
    if count <= limit, abandonedCount < abandonedLimit { return true }
    end(isMeta: false)
    return false
  }

  /// Notes that a call's answer was handed over.
  func end(isMeta: Bool) {
    if isMeta {
      unlimited.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    } else {
      admitted.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    }
  }

  /// Notes that a call was answered at its deadline, while its handler runs on.
  func handlerAbandoned() {
    abandoned.wrappingAdd(1, ordering: .relaxed)
  }

  /// Notes that a handler has ended whose call was answered before.
  func abandonedHandlerEnded() {
    abandoned.wrappingSubtract(1, ordering: .relaxed)
  }
}
