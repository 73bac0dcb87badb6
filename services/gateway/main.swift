import GatewayService
import Glibc
import ServiceRuntime

exit(
  await ServiceProcess.run(
    .process(service: "gateway"),
    summary: "Serves the public API over HTTP and by RPC.",
    configuration: GatewayConfiguration.init(reading:),
    services: { settings, logger, registry in
      [try GatewayService(settings, logger: logger, registry: registry)]
    }))
