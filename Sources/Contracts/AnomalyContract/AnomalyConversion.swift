public import Classification
public import RPC
public import SeriesContract
internal import SeriesModel

extension AnomalyID {
  /// The identity of a UUID.
  public init(_ id: WireUUID) { self.init(high: id.high, low: id.low) }

  /// The identity as a UUID.
  public var wireUUID: WireUUID { WireUUID(high: high, low: low) }
}

extension ActorID {
  /// The identity of a UUID.
  public init(_ id: WireUUID) { self.init(high: id.high, low: id.low) }

  /// The identity as a UUID.
  public var wireUUID: WireUUID { WireUUID(high: high, low: low) }
}

extension Classification.Anomaly {
  /// Reads an anomaly.
  ///
  /// An action that this release does not know is left out, since newer ones may add to them.
  ///
  /// - Parameters:
  ///   - wire: The message.
  ///   - field: What errors call it.
  /// - Throws: INVALID_ARGUMENT that names the field.
  public init(_ wire: AnomalyContract.Anomaly, field: String = "anomaly") throws(RPCError) {
    guard let customer = wire.customer else { throw missing("\(field).customer") }
    guard let metric = wire.metric else { throw missing("\(field).metric") }
    let owner = try SeriesModel.Customer(customer, field: "\(field).customer")
    guard wire.endBucket >= wire.startBucket else {
      throw RPCError(
        .invalidArgument, field: "\(field).end_bucket", reason: "out_of_range",
        "\(field).end_bucket lies before start_bucket")
    }
    try WireLimits.finite(wire.baselineValue, "\(field).baseline_value")
    try WireLimits.finite(wire.actualValue, "\(field).actual_value")
    try WireLimits.finite(wire.score, "\(field).score")
    self.init(
      id: AnomalyID(try WireUUID(bytes: wire.id, field: "\(field).id")),
      customer: owner,
      metric: try SeriesModel.Metric(metric, field: "\(field).metric"),
      type: try Classification.AnomalyType(wire.type, field: "\(field).type"),
      severity: try Classification.Severity(wire.severity, field: "\(field).severity"),
      intent: try Classification.Intent(wire.intent, field: "\(field).intent"),
      state: try Classification.AnomalyState(wire.state, field: "\(field).state"),
      startBucket: wire.startBucket, endBucket: wire.endBucket,
      baselineValue: wire.baselineValue, actualValue: wire.actualValue, score: wire.score,
      detectedUnixMicroseconds: wire.detectedUnixUs,
      resolvedUnixMicroseconds: wire.resolvedUnixUs == 0 ? nil : wire.resolvedUnixUs,
      dismissal: try Self.dismissal(wire, field), summary: wire.summary,
      possibleCause: wire.possibleCause,
      actions: wire.actions.compactMap { SuggestedAction(rawValue: $0) }, revision: wire.revision,
      reach: try Self.reach(wire, of: owner, field))
  }

  private static func reach(
    _ wire: AnomalyContract.Anomaly, of owner: SeriesModel.Customer, _ field: String
  ) throws(RPCError) -> Reach {
    guard wire.members.count <= Reach.membersMax else {
      throw RPCError(
        .invalidArgument, field: "\(field).members", reason: "too_many",
        "\(field).members may hold \(Reach.membersMax) names and has \(wire.members.count)")
    }
    for name in wire.members { try WireLimits.text(name, bytes: 300, "\(field).members") }
    let scope: Classification.AnomalyScope
    switch wire.scope {
    case .unspecified, .series: scope = .series
    case .customer: scope = .customer
    case .cohort: scope = .cohort(owner.segment)
    default: throw WireLimits.unknownEnum(wire.scope.rawValue, "\(field).scope")
    }
    let leader =
      wire.leaderID.isEmpty
      ? nil : AnomalyID(try WireUUID(bytes: wire.leaderID, field: "\(field).leader_id"))
    return Reach(
      scope: scope, leader: leader, members: wire.members, memberCount: Int(wire.memberCount),
      seriesCount: Int(wire.seriesCount))
  }

  private static func dismissal(
    _ wire: AnomalyContract.Anomaly, _ field: String
  ) throws(RPCError) -> Dismissal? {
    if wire.dismissedUnixUs == 0 { return nil }
    return Dismissal(
      atUnixMicroseconds: wire.dismissedUnixUs,
      by: ActorID(try WireUUID(bytes: wire.dismissedBy, field: "\(field).dismissed_by")),
      reason: wire.dismissReason)
  }
}

extension AnomalyContract.Anomaly {
  /// Writes an anomaly.
  public init(_ domain: Classification.Anomaly) {
    self.init()
    id = domain.id.wireUUID.bytes
    customer = SeriesContract.Customer(domain.customer)
    metric = SeriesContract.Metric(domain.metric)
    type = AnomalyContract.AnomalyType(domain.type)
    severity = AnomalyContract.Severity(domain.severity)
    intent = AnomalyContract.Intent(domain.intent)
    state = AnomalyContract.AnomalyState(domain.state)
    startBucket = domain.startBucket
    endBucket = domain.endBucket
    durationBuckets = domain.durationBuckets
    baselineValue = domain.baselineValue
    actualValue = domain.actualValue
    if let percent = domain.deviationPercent {
      hasDeviationPercent = true
      deviationPercent = percent
    }
    score = domain.score
    detectedUnixUs = domain.detectedUnixMicroseconds
    resolvedUnixUs = domain.resolvedUnixMicroseconds ?? 0
    if let dismissal = domain.dismissal {
      dismissedUnixUs = dismissal.atUnixMicroseconds
      dismissedBy = dismissal.by.wireUUID.bytes
      dismissReason = dismissal.reason
    }
    summary = domain.summary
    possibleCause = domain.possibleCause
    actions = domain.actions.map(\.rawValue)
    revision = domain.revision
    switch domain.reach.scope {
    case .series: scope = .series
    case .customer: scope = .customer
    case .cohort: scope = .cohort
    }
    leaderID = domain.reach.leader?.wireUUID.bytes ?? []
    members = domain.reach.members
    memberCount = UInt32(clamping: domain.reach.memberCount)
    seriesCount = UInt32(clamping: domain.reach.seriesCount)
  }
}

extension Classification.AnomalyChange {
  /// Reads a change.
  ///
  /// - Parameters:
  ///   - wire: The message.
  ///   - field: What errors call it.
  /// - Throws: INVALID_ARGUMENT that names the field.
  public init(_ wire: AnomalyContract.AnomalyChange, field: String = "change") throws(RPCError) {
    guard let anomaly = wire.anomaly else { throw missing("\(field).anomaly") }
    self.init(
      kind: try Classification.AnomalyChangeKind(wire.kind, field: "\(field).kind"),
      anomaly: try Classification.Anomaly(anomaly, field: "\(field).anomaly"),
      changedUnixMicroseconds: wire.changedUnixUs)
  }
}

extension AnomalyContract.AnomalyChange {
  /// Writes a change.
  public init(_ domain: Classification.AnomalyChange) {
    self.init()
    kind = AnomalyContract.AnomalyChangeKind(domain.kind)
    anomaly = AnomalyContract.Anomaly(domain.anomaly)
    changedUnixUs = domain.changedUnixMicroseconds
  }
}

private func missing(_ field: String) -> RPCError {
  RPCError(.invalidArgument, field: field, reason: "missing", "\(field) is missing")
}
