import BaselineService
import Glibc
import ServiceRuntime

exit(
  await ServiceProcess.run(
    .process(service: "baseline"),
    summary: "Learns what is normal for each series and scans closed buckets.",
    configuration: BaselineConfiguration.init(reading:),
    services: { settings, logger, _ in
      [try BaselineService(settings: settings, logger: logger)]
    }))
