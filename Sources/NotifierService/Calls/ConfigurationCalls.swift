internal import Alerting
internal import DeliveryContract
internal import RPC
internal import ServiceRuntime

// Versions of the configuration.
extension NotifierCalls {
  /// Longest configuration, in bytes.
  private static let yamlBytesLimit = 1 << 20

  func putConfiguration(
    _ request: PutConfigurationRequest, context: CallContext
  ) async throws(RPCError) -> PutConfigurationResponse {
    guard !request.yaml.isEmpty, request.yaml.count <= Self.yamlBytesLimit else {
      throw RPCError(
        .invalidArgument, field: "yaml", reason: "out_of_range",
        "yaml must have 1 to \(Self.yamlBytesLimit) bytes")
    }
    guard request.author.utf8.count <= 200, request.comment.utf8.count <= 4_096 else {
      throw RPCError(
        .invalidArgument, field: "author", reason: "out_of_range",
        "author has at most 200 bytes and comment at most 4096")
    }
    var response = PutConfigurationResponse()
    let routes: Routes
    do throws(RoutesError) {
      routes = try reading(request.yaml)
    } catch {
      response.faults = error.faults
      return response
    }
    var version = ConfigurationVersion()
    if !request.validateOnly {
      let (yaml, author, comment, now) = (request.yaml, request.author, request.comment, clock())
      let kept = try await stored { () async throws in
        try await store.put(yaml: yaml, author: author, comment: comment, now: now)
      }
      version = ConfigurationVersion(kept)
      logger.info("configuration kept", ["version": "\(kept.version)", "author": author])
    }
    version.yaml = []
    version.warnings = routes.warnings
    response.version = version
    return response
  }

  func listConfigurations(
    _ request: ListConfigurationsRequest, context: CallContext
  ) async throws(RPCError) -> ListConfigurationsResponse {
    let size = try pageSize(request.page)
    let before = try pageStart(request.page)
    let found = try await stored { () async throws in
      try await store.configurations(before: before, limit: size + 1)
    }
    var response = ListConfigurationsResponse()
    response.versions = found.prefix(size).map { ConfigurationVersion($0) }
    if found.count > size, let last = found.prefix(size).last {
      response.nextPageToken = pageToken(last.version)
    }
    return response
  }

  func getConfiguration(
    _ request: GetConfigurationRequest, context: CallContext
  ) async throws(RPCError) -> GetConfigurationResponse {
    let number = Int64(clamping: request.version)
    let found = try await stored { () async throws in
      try await store.configuration(version: number)
    }
    guard let found else { throw Self.unknown(number) }
    var response = GetConfigurationResponse()
    response.version = ConfigurationVersion(found)
    return response
  }

  func activateConfiguration(
    _ request: ActivateConfigurationRequest, context: CallContext
  ) async throws(RPCError) -> ActivateConfigurationResponse {
    let number = Int64(clamping: request.version)
    let kept = try await stored { () async throws in
      try await store.configuration(version: number)
    }
    guard number > 0, let kept else { throw Self.unknown(number) }
    // What was good when it was put may name a secret that is gone by now.
    do throws(RoutesError) {
      _ = try reading(kept.yaml)
    } catch {
      throw RPCError(
        .failedPrecondition, field: "version", reason: "faulty",
        "version \(number) cannot be used: \(error.faults.joined(separator: "; "))")
    }
    let now = clock()
    let active = try await stored { () async throws in
      try await store.activate(version: number, now: now)
    }
    guard let active else { throw Self.unknown(number) }
    logger.info("configuration activated", ["version": "\(number)"])
    await refresh()
    var response = ActivateConfigurationResponse()
    var version = ConfigurationVersion(active)
    version.yaml = []
    response.version = version
    return response
  }

  private static func unknown(_ number: Int64) -> RPCError {
    let text =
      number == 0 ? "no configuration is in force" : "there is no configuration \(number)"
    return RPCError(.notFound, field: "version", reason: "unknown_version", text)
  }
}

extension ConfigurationVersion {
  init(_ stored: StoredConfiguration) {
    self.init()
    version = UInt64(clamping: stored.version)
    yaml = stored.yaml
    author = stored.author
    comment = stored.comment
    createdUnixUs = stored.createdAt
    activatedUnixUs = stored.activatedAt ?? 0
    active = stored.isActive
  }
}
