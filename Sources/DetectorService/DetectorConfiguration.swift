public import RPC
public import ServiceRuntime

/// The settings of the detector.
public struct DetectorConfiguration: Sendable {
  /// Logs, figures, drain.
  public let runtime: RuntimeSettings

  /// Where to listen, and where the classifier is.
  public let rpc: RPCSettings

  /// Reads the settings; faults are kept by the reader.
  public init(reading reader: ConfigurationReader) {
    runtime = RuntimeSettings(reading: reader)
    rpc = RPCSettings(reading: reader, backends: ["classifier"])
  }

  /// Sets them in a program, as tests do.
  public init(runtime: RuntimeSettings, rpc: RPCSettings) {
    self.runtime = runtime
    self.rpc = rpc
  }
}
