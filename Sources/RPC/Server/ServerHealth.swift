internal import Locking

/// Answers Meta: health, what is served, and the wish to drain.
final class ServerHealth: MetaHandler {
  static let methodPrefix = "tidemark.v1.Meta/"

  private let settings: RPCServerSettings
  private let services: [String]
  private let methods: [RPCMethod]
  private let startedUnixMicroseconds = Deadline.now.unixMicroseconds
  private let intake = Locked<WeakIntake>(WeakIntake())

  private struct WeakIntake {
    weak var intake: RequestIntake?
  }

  init(settings: RPCServerSettings, services: [String], methods: [RPCMethod]) {
    self.settings = settings
    self.services = services
    self.methods = methods
  }

  func attach(_ intake: RequestIntake) {
    self.intake.withLock { $0.intake = intake }
  }

  private var isDraining: Bool {
    intake.withLock { $0.intake }?.isDraining ?? true
  }

  private var status: ServingStatus { isDraining ? .notServing : .serving }

  func check(
    _ request: HealthCheckRequest, context: CallContext
  ) async throws(RPCError) -> HealthCheckResponse {
    guard request.service.isEmpty || services.contains(request.service) else {
      throw RPCError(
        .notFound, field: "service", reason: "unknown_service",
        "this server has no service \(request.service.prefix(200))")
    }
    var response = HealthCheckResponse()
    response.status = status
    return response
  }

  func list(
    _ request: HealthListRequest, context: CallContext
  ) async throws(RPCError) -> HealthListResponse {
    var response = HealthListResponse()
    response.services = services.map { name in
      var health = ServiceHealth()
      health.service = name
      health.status = status
      return health
    }
    return response
  }

  func getInfo(
    _ request: GetInfoRequest, context: CallContext
  ) async throws(RPCError) -> GetInfoResponse {
    var response = GetInfoResponse()
    response.service = settings.serviceName
    response.version = settings.version
    response.contractHash = ContractHash.sha256
    response.startedUnixUs = startedUnixMicroseconds
    response.methods = methods.map { method in
      var info = MethodInfo()
      info.name = method.name
      info.idempotent = method.isIdempotent
      return info
    }
    return response
  }

  func drain(
    _ request: DrainRequest, context: CallContext
  ) async throws(RPCError) -> DrainResponse {
    let intake = intake.withLock { $0.intake }
    intake?.drain()
    var response = DrainResponse()
    response.callsInFlight = UInt32(clamping: intake?.calls.count ?? 0)
    return response
  }
}
