public import RPC
public import ServiceRuntime

/// The settings of the notifier.
public struct NotifierConfiguration: Sendable {
  /// Settings that every service has.
  public var runtime: RuntimeSettings

  /// Where it listens, and the classifier where its address is known.
  public var rpc: RPCSettings

  /// Who is told, and how.
  public var notifier: NotifierSettings

  /// Sets all of them, as tests and `tidemark up` do.
  public init(
    runtime: RuntimeSettings = RuntimeSettings(), rpc: RPCSettings, notifier: NotifierSettings
  ) {
    self.runtime = runtime
    self.rpc = rpc
    self.notifier = notifier
  }

  /// Reads them; faults are kept by the reader, those of the routes with line and column.
  public init(reading reader: ConfigurationReader) {
    runtime = RuntimeSettings(reading: reader)
    rpc = RPCSettings(reading: reader, optionalBackends: ["classifier"])
    notifier = NotifierSettings(reading: reader, zone: runtime.zone)
  }
}
