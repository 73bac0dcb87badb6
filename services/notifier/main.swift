import Glibc
import NotifierService
import ServiceRuntime

exit(
  await ServiceProcess.run(
    .process(service: "notifier"),
    summary: "Tells the right receivers of anomalies, and logs every send and non-send.",
    configuration: NotifierConfiguration.init(reading:),
    services: { settings, logger, registry in
      [try NotifierService(settings, logger: logger, registry: registry)]
    }))
