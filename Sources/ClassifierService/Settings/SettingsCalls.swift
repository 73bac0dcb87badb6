internal import Baselines
internal import Classification
internal import EvidenceContract
internal import RPC
internal import SeriesContract

extension ClassifierEndpoint {
  /// The most sensitivities of one call.
  static let sensitivityOfCallMax = 1_000

  func putSettings(
    _ request: PutSettingsRequest, context: CallContext
  ) async throws(RPCError) -> PutSettingsResponse {
    let actor = try Self.actor(request.actorName)
    let sensitivity = try JudgementSettings.sensitivity(
      request.sensitivity, "sensitivity", limit: Self.sensitivityOfCallMax)
    let rules = try JudgementSettings.rules(request.rules, "rules")
    for (place, rule) in rules.enumerated() { try Self.checkMute(rule, "rules[\(place)]") }
    try demandBaseline()
    return try await answering {
      let contents =
        try sensitivity.map { rule throws(WireError) in try SettingContent(rule) }
        + rules.map { rule throws(WireError) in try SettingContent(rule) }
      let change = try await settings.table.put(contents, by: actor)
      var response = PutSettingsResponse()
      response.created = change.created
      response.changed = change.changed
      response.sequence = change.sequence
      response.taken = try await settings.isTaken(change.sequence)
      return response
    }
  }

  func removeSettings(
    _ request: RemoveSettingsRequest, context: CallContext
  ) async throws(RPCError) -> RemoveSettingsResponse {
    let actor = try Self.actor(request.actorName)
    try JudgementSettings.count(
      request.sensitivityScopes.count, limit: Self.sensitivityOfCallMax, "sensitivity_scopes")
    try JudgementSettings.count(request.rules.count, limit: JudgementSettings.rulesMax, "rules")
    var keys: [SettingKey] = []
    for (place, text) in request.sensitivityScopes.enumerated() {
      keys.append(
        SettingKey(
          kind: .sensitivity, scope: try Self.scope(text, "sensitivity_scopes[\(place)]")))
    }
    for (place, rule) in request.rules.enumerated() {
      try WireLimits.text(rule.name, bytes: 100, "rules[\(place)].name")
      keys.append(
        SettingKey(
          kind: .rule, name: rule.name, scope: try Self.scope(rule.scope, "rules[\(place)].scope"))
      )
    }
    try demandBaseline()
    let removed = keys
    return try await answering {
      let change = try await settings.table.remove(removed, by: actor)
      var response = RemoveSettingsResponse()
      response.removed = change.removed
      response.sequence = change.sequence
      response.taken = try await settings.isTaken(change.sequence)
      return response
    }
  }

  func listSettings(
    _ request: ListSettingsRequest, context: CallContext
  ) async throws(RPCError) -> ListSettingsResponse {
    let size = try Self.pageSize(request.page)
    var place: SettingPlace?
    if let token = request.page?.pageToken, !token.isEmpty {
      do throws(ClassifierError) {
        place = try SettingPlace(token: token)
      } catch {
        throw error.rpcError
      }
    }
    let after = place
    return try await answering {
      let found = try await settings.table.list(
        includesPast: request.includePast, after: after, limit: size + 1)
      let sequences = try await settings.table.sequences()
      var response = ListSettingsResponse()
      response.settings = found.prefix(size).map(\.setting)
      if found.count > size, let last = found.prefix(size).last {
        response.nextPageToken = last.place.token
      }
      response.sequence = sequences.last
      response.takenSequence = sequences.taken
      return response
    }
  }

  /// Refuses changes that nobody would ever judge by.
  private func demandBaseline() throws(RPCError) {
    if settings.baseline != nil { return }
    throw RPCError(
      .failedPrecondition, field: "baseline-url", reason: "no_baseline",
      "the classifier does not know the address of baseline (its setting baseline-url), which"
        + " sends settings to judgement")
  }

  private static func actor(_ name: String) throws(RPCError) -> String {
    guard !name.isEmpty else {
      throw RPCError(
        .invalidArgument, field: "actor_name", reason: "missing",
        "actor_name must say who sets it")
    }
    try WireLimits.text(name, bytes: 200, "actor_name")
    return name
  }

  private static func scope(_ text: String, _ field: String) throws(RPCError) -> Scope {
    try WireLimits.text(text, bytes: 220, field)
    guard let scope = Scope(text) else {
      throw RPCError(
        .invalidArgument, field: field, reason: "unknown_scope",
        "\(field) must be empty, segment:NAME, metric:NAME or customer:ID")
    }
    return scope
  }

  /// A rule that mutes has to name what it mutes.
  private static func checkMute(
    _ rule: Baselines.StaticRule, _ field: String
  ) throws(RPCError) {
    let kinds = Classification.AnomalyType.allCases.map(\.name)
    guard rule.comparison == .mute, rule.isOn, !kinds.contains(rule.companion) else { return }
    throw RPCError(
      .invalidArgument, field: "\(field).companion", reason: "unknown_kind",
      "\(field).companion names no kind of finding that could be muted; there are "
        + kinds.joined(separator: ", "))
  }
}
