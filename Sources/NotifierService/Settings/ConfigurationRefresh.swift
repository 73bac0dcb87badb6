internal import Alerting
internal import Locking
internal import ServiceRuntime

/// Finds out which configuration is in force, and puts it there.
///
/// The file beside the service is taken over as a version when it changes; after that the newest
/// activation counts, wherever it came from.
struct ConfigurationRefresh: Sendable {
  let store: DeliveryStore
  let configuration: LiveConfiguration
  let settings: NotifierSettings
  let logger: Logger
  let clock: @Sendable () -> Int64
  /// Called when another configuration came into force.
  let changed: @Sendable () -> Void

  private struct State {
    var version: Int64?
    var complaint = ""
  }
  private let state = Locked(State())

  init(
    store: DeliveryStore, configuration: LiveConfiguration, settings: NotifierSettings,
    logger: Logger, clock: @escaping @Sendable () -> Int64, changed: @escaping @Sendable () -> Void
  ) {
    self.store = store
    self.configuration = configuration
    self.settings = settings
    self.logger = logger
    self.clock = clock
    self.changed = changed
  }

  /// Reads a configuration as if it stood in the file, secrets included.
  func read(_ bytes: [UInt8]) throws(RoutesError) -> Routes {
    let path = settings.routesFile ?? ""
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    let routes = try Routes(
      parsing: bytes, name: path.isEmpty ? "configuration" : path, folder: folder,
      zone: settings.zone)
    let faults = routes.faults(under: settings.egress)
    if !faults.isEmpty { throw RoutesError(faults) }
    return routes
  }

  /// Looks, and puts into force what should be.
  func refresh() async {
    do {
      let active = try await current()
      guard let active, state.withLock({ $0.version != active.version }) else { return }
      let routes = try read(active.yaml)
      let isFirst = state.withLock { state in
        defer { state = State(version: active.version) }
        return state.version == nil
      }
      configuration.replace(routes)
      logger.info(
        "configuration in force",
        ["version": "\(active.version)", "receivers": "\(routes.receivers.count)"])
      for warning in routes.warnings { logger.warning("configuration surprises", ["at": warning]) }
      if !isFirst { changed() }
    } catch {
      complain("\(error)")
    }
  }

  private func current() async throws -> StoredConfiguration? {
    guard let path = settings.routesFile else {
      return try await store.configuration(version: 0)
    }
    do {
      let bytes = try SettingsFile.bytes(path)
      _ = try read(bytes)
      return try await store.adopt(file: bytes, name: path, now: clock())
    } catch let error as ConfigurationError {
      complain(error.description)
    } catch let error as RoutesError {
      complain(error.description)
    }
    // A file with faults changes nothing.
    return try await store.configuration(version: 0)
  }

  /// Says a fault once, however often it is seen.
  private func complain(_ what: String) {
    let isNew = state.withLock { state in
      defer { state.complaint = what }
      return state.complaint != what
    }
    if isNew { logger.error("configuration not taken over", ["error": what]) }
  }
}
