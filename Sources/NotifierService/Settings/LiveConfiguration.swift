internal import Alerting
internal import Locking

/// The configuration in force; another one takes its place while the service runs.
final class LiveConfiguration: Sendable {
  private let state: Locked<Routes>

  init(_ routes: Routes) {
    state = Locked(routes)
  }

  /// The configuration in force at this moment.
  var current: Routes {
    state.withLock { $0 }
  }

  /// Puts another one in its place.
  func replace(_ routes: Routes) {
    state.withLock { $0 = routes }
  }
}
