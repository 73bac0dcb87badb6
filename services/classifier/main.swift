import ClassifierService
import Glibc
import ServiceRuntime

exit(
  await ServiceProcess.run(
    .process(service: "classifier"),
    summary: "Makes one anomaly of each real event and keeps its life.",
    configuration: ClassifierConfiguration.init(reading:),
    services: { settings, logger, registry in
      [try ClassifierService(settings, logger: logger, registry: registry)]
    }))
