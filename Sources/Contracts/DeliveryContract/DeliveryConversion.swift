public import Alerting
internal import AnomalyContract
public import RPC
internal import SeriesContract

extension Delivery {
  /// Writes a line of the delivery log.
  public init(_ record: DeliveryRecord) {
    self.init()
    id = record.id
    anomalyID = record.anomaly.wireBytes
    revision = record.revision
    kind = AnomalyChangeKind(rawValue: Int32(record.kind.rawValue))
    receiver = record.receiver
    receiverKind = record.receiverKind
    deduplicationKey = record.deduplicationKey
    state = DeliveryState(rawValue: Int32(record.status.rawValue))
    reason = record.reason
    route = record.route
    queuedUnixUs = record.queuedUnixMicroseconds
    sentUnixUs = record.sentUnixMicroseconds ?? 0
    attempts = record.tries.map(DeliveryAttempt.init)
    customer = record.customer
    summary = record.summary
    person = record.person
    action = record.action
    notificationReason = record.notificationReason
    disposition = record.disposition
    anomalyIds = record.items.map(\.wireBytes)
  }
}

extension DeliveryAttempt {
  /// Writes one try.
  public init(_ record: DeliveryTry) {
    self.init()
    atUnixUs = record.startedUnixMicroseconds
    attempt = UInt32(clamping: record.number)
    answer = record.answer
    latencyUs = record.latencyMicroseconds
    final = record.isFinal
    failure = record.failure
    payload = record.payload
  }
}

extension DeliveryStatus {
  /// Reads the wire's enum.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field.
  public init(_ wire: DeliveryState, field: String) throws(RPCError) {
    guard let raw = Int16(exactly: wire.rawValue), let status = Self(rawValue: raw) else {
      throw WireLimits.unknownEnum(wire.rawValue, field)
    }
    self = status
  }
}
