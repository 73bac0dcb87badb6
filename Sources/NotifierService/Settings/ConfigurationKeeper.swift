internal import ServiceRuntime

/// Keeps the configuration in force the one that the database says, and takes over the file beside
/// the service when it changes.
///
/// Several replicas agree by the database; each looks every few seconds and when it is asked to.
/// A file with faults changes nothing and is complained of once.
final class ConfigurationKeeper: Service {
  let name = "notifier-configuration"
  private let core: NotifierCore
  private let (bells, bell) = AsyncStream<Bool>.makeStream(bufferingPolicy: .bufferingNewest(1))

  /// How often to look, in seconds.
  static let pollSeconds: Double = 5

  init(_ core: NotifierCore) {
    self.core = core
  }

  func run() async throws {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.poll() }
      for await isRunning in bells {
        if !isRunning { break }
        await core.refreshConfiguration()
      }
      group.cancelAll()
    }
  }

  func shutDown() async {
    bell.yield(false)
    bell.finish()
  }

  private func poll() async {
    while !Task.isCancelled {
      do {
        try await Task.sleep(for: .seconds(Self.pollSeconds))
      } catch {
        return
      }
      bell.yield(true)
    }
  }
}
