internal import Synchronization

/// How many calls a server is answering, and how many it may.
///
/// Counted without a lock: every call passes here twice.
final class CallCounts: Sendable {
  private let admitted = Atomic<Int>(0)
  /// Calls that hold no place: those to Meta, and those whose answer is being handed over.
  private let placeless = Atomic<Int>(0)
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
    count == 0 && placeless.load(ordering: .sequentiallyConsistent) == 0
  }

  /// How many handlers run on after their deadline.
  var abandonedCount: Int { abandoned.load(ordering: .relaxed) }

  /// Counts a call; false when there is no room for it.
  ///
  /// Calls to Meta always find room: health must be told when a server has too much to do.
  func begin(isMeta: Bool) -> Bool {
    if isMeta {
      placeless.wrappingAdd(1, ordering: .sequentiallyConsistent)
      return true
    }
    let count = admitted.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue
    if count <= limit, abandonedCount < abandonedLimit { return true }
    admitted.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    return false
  }

  /// Gives up the place of a call that is about to be answered.
  ///
  /// Its caller may make the next call as soon as it has the answer. ``answered()`` must follow.
  func leavePlace(isMeta: Bool) {
    guard !isMeta else { return }
    // In this order, so that the server never looks idle in between.
    placeless.wrappingAdd(1, ordering: .sequentiallyConsistent)
    admitted.wrappingSubtract(1, ordering: .sequentiallyConsistent)
  }

  /// Notes that a call's answer was handed over.
  func answered() {
    placeless.wrappingSubtract(1, ordering: .sequentiallyConsistent)
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
