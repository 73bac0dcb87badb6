import BaselineService
import ClassifierService
import DetectorService
import GatewayService
import Glibc
import IngestService
import Locking
import NotifierService
import PrivateCluster
import ServiceRuntime

/// Runs all six services in this process: `tidemark up`.
func up(_ context: CommandContext) async throws -> Int32 {
  let settings = UpSettings(reading: context.reader)
  try context.settingsAreRead()
  let layout = try HouseLayout(folder: settings.folder)
  _ = try CallerKeys.generate(in: layout.keys, names: HouseLayout.services + ["client"])
  let logger = Logger(
    service: "tidemark", level: settings.runtime.logLevel, format: settings.runtime.logFormat)
  let first = settings.first(layout)
  let terminal = context.terminal
  var services: [any Service] = [first]
  let gateway = Locked<GatewayService?>(nil)
  for name in HouseLayout.services {
    services.append(
      LateService(name) {
        let service = try makeService(name, layout, settings)
        if let made = service as? GatewayService { gateway.withLock { $0 = made } }
        return service
      })
  }
  services.append(
    StartedNote {
      try SmallFiles.write(layout.clientSettings, to: layout.clientFile, mode: 0o600)
      terminal.note("tidemark: all six services run in this process; Ctrl-C ends them")
      let address = gateway.withLock { $0 }?.httpAddress ?? settings.httpAddress
      terminal.note(
        "tidemark: the gateway serves http://\(address); a token for it is made by `tidemark token"
          + " create NAME --database-url-file \(layout.secrets)/gateway.database`")
      terminal.note(
        "tidemark: other subcommands find them by \(layout.clientFile), for example"
          + " `tidemark anomalies`")
    } stopping: {
      unlink(layout.clientFile)
    })
  try await ServiceGroup(
    services, logger: logger, drainSeconds: settings.runtime.drainSeconds + 60
  ).run()
  return 0
}

/// What `tidemark up` is told.
struct UpSettings: Sendable {
  let folder: String
  let settingsFolder: String?
  let admin: Redacted<String>?
  let database: String
  let httpAddress: String
  let runtime: RuntimeSettings

  init(reading reader: ConfigurationReader) {
    folder = reader.text("folder", default: ".tidemark", help: "where everything is kept")
    settingsFolder = reader.optionalText(
      "settings-folder", help: "a folder with <service>.yaml, further settings of a service")
    admin = reader.secretOrFile(
      "admin-url", isRequired: false,
      help: "a role that may make databases, as libpq reads it; a private PostgreSQL if left out")
    database = reader.text("database", default: "tidemark", help: "the database to use")
    httpAddress = reader.text(
      "http-address", default: "127.0.0.1:0",
      help: "where the gateway serves HTTP; 0 is a free port")
    runtime = RuntimeSettings(reading: reader)
  }

  /// The first service: the private PostgreSQL, or the preparation of the one that was named.
  func first(_ layout: HouseLayout) -> any Service {
    let database = database
    let prepare: @Sendable (String) async throws -> Void = { address in
      _ = try await DatabaseSecrets.prepare(
        adminURL: address, database: database, folder: layout.secrets)
    }
    if let admin {
      return StartedNote(started: { try await prepare(admin.secret) }, stopping: {})
    }
    return ClusterService(
      PrivateDatabaseCluster(ClusterConfiguration(folder: layout.cluster)), started: prepare)
  }
}

/// One of the six with its settings.
private func makeService(
  _ name: String, _ layout: HouseLayout, _ settings: UpSettings
) throws -> any Service {
  var extra = ["--zone=\(settings.runtime.zone)", "--admin-address=127.0.0.1:0"]
  if name == "gateway" { extra.append("--http-address=\(settings.httpAddress)") }
  if let folder = settings.settingsFolder {
    let file = "\(folder)/\(name).yaml"
    if SmallFiles.exists(file) { extra.append("--config=\(file)") }
  }
  let reader = ConfigurationReader(
    arguments: layout.flags(of: name, extra: extra), environment: ProcessEnvironment.variables(),
    service: name)
  let logger = Logger(
    service: name, level: settings.runtime.logLevel, format: settings.runtime.logFormat)
  return try make(name, reader, logger)
}

/// Reads all of a service's settings, then makes it.
private func make(
  _ name: String, _ reader: ConfigurationReader, _ logger: Logger
) throws -> any Service {
  func checked<Settings>(_ settings: Settings) throws -> Settings {
    try reader.finish()
    return settings
  }
  switch name {
  case "notifier":
    return try NotifierService(checked(NotifierConfiguration(reading: reader)), logger: logger)
  case "classifier":
    return try ClassifierService(checked(ClassifierConfiguration(reading: reader)), logger: logger)
  case "detector":
    return try DetectorService(
      settings: checked(DetectorConfiguration(reading: reader)), logger: logger)
  case "baseline":
    return try BaselineService(
      settings: checked(BaselineConfiguration(reading: reader)), logger: logger)
  case "ingest":
    return try IngestService(
      configuration: checked(IngestConfiguration(reading: reader)), logger: logger,
      registry: MetricsRegistry())
  default:
    return try GatewayService(checked(GatewayConfiguration(reading: reader)), logger: logger)
  }
}
