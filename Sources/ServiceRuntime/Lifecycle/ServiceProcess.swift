internal import Glibc

/// A process that is one service, or several.
public enum ServiceProcess {
  /// What a process ends with.
  public enum ExitCode {
    /// All went well.
    public static let success: Int32 = 0
    /// A service failed.
    public static let failure: Int32 = 1
    /// The settings are wrong.
    public static let configuration: Int32 = 2
  }

  /// Reads the settings, makes the services and runs them until a signal; gives the exit code.
  ///
  /// `--help`, `--check-config` and `--print-config` are answered here, and every fault of the
  /// settings is printed, a line each.
  public static func run<Configuration>(
    _ reader: ConfigurationReader, summary: String,
    configuration read: (ConfigurationReader) throws -> Configuration,
    services make: (Configuration, Logger, MetricsRegistry) async throws -> [any Service]
  ) async -> Int32 {
    let settings = RuntimeSettings(reading: reader)
    let logger = Logger(
      service: reader.service, level: settings.logLevel, format: settings.logFormat)
    do {
      let configuration = try read(reader)
      try reader.finish()
      switch reader.request {
      case .help: StandardOutput.write(reader.helpText(summary: summary))
      case .printConfiguration: StandardOutput.write(reader.printedConfiguration())
      case .checkConfiguration: StandardOutput.write("configuration is good\n")
      case .serve:
        let services = try await make(configuration, logger, MetricsRegistry())
        let group = ServiceGroup(services, logger: logger, drainSeconds: settings.drainSeconds)
        try await group.run()
        logger.info("service stopped")
      }
      return ExitCode.success
    } catch let error as ConfigurationError {
      StandardError.write(Array((error.faults.joined(separator: "\n") + "\n").utf8))
      return ExitCode.configuration
    } catch {
      logger.critical("service failed", ["error": "\(error)"])
      return ExitCode.failure
    }
  }
}

/// Standard output, for what was asked for on the command line.
public enum StandardOutput {
  /// Writes a text as it is.
  public static func write(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(1, $0.baseAddress, $0.count) }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { return }
      rest = rest.dropFirst(written)
    }
  }
}
