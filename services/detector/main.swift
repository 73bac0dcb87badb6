import DetectorService
import Glibc
import ServiceRuntime

exit(
  await ServiceProcess.run(
    .process(service: "detector"),
    summary: "Holds evidence against its thresholds; it keeps nothing.",
    configuration: DetectorConfiguration.init(reading:),
    services: { settings, logger, _ in
      [try DetectorService(settings: settings, logger: logger)]
    }))
