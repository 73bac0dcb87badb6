internal import Locking

/// A value that is set once, at the start, before anybody asks for it.
final class LateValue<Value: Sendable>: Sendable {
  private let place = Locked<Value?>(nil)

  func set(_ value: Value) { place.withLock { $0 = value } }

  var value: Value {
    guard let value = place.withLock({ $0 }) else {
      preconditionFailure("a value was asked for before the start")
    }
    return value
  }
}
