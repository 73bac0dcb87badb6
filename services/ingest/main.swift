import IngestService
import Glibc
import ServiceRuntime

exit(
  await ServiceProcess.run(
    .process(service: "ingest"),
    summary: "Takes customers, metrics and points, and closes buckets.",
    configuration: IngestConfiguration.init(reading:),
    services: { settings, logger, registry in
      [try IngestService(configuration: settings, logger: logger, registry: registry)]
    }))
