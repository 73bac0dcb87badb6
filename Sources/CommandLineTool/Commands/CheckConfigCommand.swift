import Alerting
import SeriesModel
import NotifierService
import ServiceRuntime

/// Looks for what is wrong with a file of routes: `tidemark check-config FILE`.
func checkConfiguration(_ context: CommandContext) async throws -> Int32 {
  let zone = RoutesFile.zone(reading: context.reader)
  try context.settingsAreRead()
  let path = context.positions[0]
  let routes: Routes
  do {
    routes = try Routes(file: path, zone: zone)
  } catch {
    for fault in error.faults { context.terminal.line(oneLine(fault)) }
    return 1
  }
  for warning in routes.warnings { context.terminal.line(oneLine("\(warning) (warning)")) }
  let alerting = routes.alerting
  let counts = [
    "\(routes.receivers.count) receivers", "\(alerting.tree?.places.count ?? 0) routes",
    "\(alerting.directory?.people.count ?? 0) people",
    "\(alerting.escalations.count) escalation policies", "\(alerting.digests.count) digests",
    "\(alerting.schedules.count) time intervals", "\(alerting.inhibitions.count) inhibit rules",
  ]
  context.terminal.line(
    "\(path): good, with \(routes.warnings.count) warnings: \(counts.joined(separator: ", "))")
  return 0
}

/// How commands read files of routes.
enum RoutesFile {
  /// The organisation's time zone, which the notifier has from its own settings.
  static func zone(reading reader: ConfigurationReader) -> String {
    reader.text("zone", default: "UTC", help: "the organisation's IANA time zone")
  }

  /// Reads a file whose faults are the command's failure.
  static func read(_ path: String, zone: String) throws(CommandError) -> Routes {
    do {
      return try Routes(file: path, zone: zone)
    } catch {
      throw CommandError(error.faults.joined(separator: "\n"))
    }
  }
}
