internal import Alerting
internal import AnomalyContract
internal import DeliveryContract
internal import Postgres
internal import RPC
internal import SeriesContract
internal import ServiceRuntime

// Receivers, digests and the account of everything.
extension NotifierCalls {
  func testReceiver(
    _ request: TestReceiverRequest, context: CallContext
  ) async throws(RPCError) -> TestReceiverResponse {
    let name = request.receiver
    let now = clock()
    let change = TestChange.make(id: randomID(), now: now)
    let notice = try Notice(change)
    let id = try await stored { () async throws in
      try await store.test(receiver: name, change: change.wireBytes(), notice: notice, now: now)
    }
    guard let id else {
      throw RPCError(
        .notFound, field: "receiver", reason: "unknown_receiver",
        "there is no receiver '\(name)' that could be reached")
    }
    var response = TestReceiverResponse()
    response.deliveryID = id.bytes
    return response
  }

  func listReceivers(
    _ request: ListReceiversRequest, context: CallContext
  ) async throws(RPCError) -> ListReceiversResponse {
    let now = clock()
    let found = try await stored { () async throws in try await store.receivers(now: now) }
    let routes = store.configuration.current
    var response = ListReceiversResponse()
    response.receivers = found.map { standing in
      var health = ReceiverHealth()
      health.receiver = standing.receiver
      health.kind = routes.receivers[standing.receiver]?.kind ?? "gone"
      health.lastSuccessUnixUs = standing.lastSuccessAt ?? 0
      health.lastFailureUnixUs = standing.lastFailureAt ?? 0
      health.lastFailure = standing.lastFailure
      health.failuresInARow = UInt32(clamping: standing.failuresInARow)
      health.disabledUnixUs = standing.disabledAt ?? 0
      health.waiting = UInt32(clamping: standing.waiting)
      health.undeliverable = UInt32(clamping: standing.undeliverable)
      let budget = routes.alerting.budgets[standing.receiver]?.budget
      health.budgetLimit = UInt32(clamping: budget?.limit ?? 0)
      health.budgetRemaining = UInt32(clamping: standing.budgetRemaining ?? 0)
      return health
    }
    return response
  }

  func getAccount(
    _ request: GetAccountRequest, context: CallContext
  ) async throws(RPCError) -> GetAccountResponse {
    let since = request.sinceUnixUs
    let counts = try await stored { () async throws in try await store.account(since: since) }
    var response = GetAccountResponse()
    response.raised = counts.values.reduce(0, +)
    response.dispositions = Disposition.allCases.map { disposition in
      var count = DispositionCount()
      count.disposition = disposition.name
      count.count = counts[disposition] ?? 0
      return count
    }
    return response
  }

  func sendDigest(
    _ request: SendDigestRequest, context: CallContext
  ) async throws(RPCError) -> SendDigestResponse {
    let name = request.digest
    let alerting = store.configuration.current.alerting
    let isPersonal =
      name.hasPrefix("person/")
      && alerting.directory?.person(named: String(name.dropFirst(7)))?.digest != nil
    guard alerting.digests[name] != nil || isPersonal else {
      throw RPCError(
        .notFound, field: "digest", reason: "unknown_digest", "there is no digest '\(name)'")
    }
    let now = clock()
    let count = try await stored { () async throws in
      try await store.pool.transaction { connection in
        try store.writeDigest(name, now: now, on: connection)
      }
    }
    var response = SendDigestResponse()
    response.anomalies = UInt32(clamping: count)
    return response
  }
}

/// The anomaly that a test speaks of: it says so in every field that people read.
enum TestChange {
  static func make(id: WireUUID, now: Int64) -> AnomalyChange {
    var customer = SeriesContract.Customer()
    customer.id = [UInt8](repeating: 0, count: 15) + [1]
    customer.externalID = "tidemark-test"
    customer.name = "Test customer"
    var metric = SeriesContract.Metric()
    metric.id = 1
    metric.name = "test"
    metric.displayName = "Test metric"
    metric.granularity = .day
    metric.kind = .count
    var anomaly = Anomaly()
    anomaly.id = id.bytes
    anomaly.customer = customer
    anomaly.metric = metric
    anomaly.type = .drop
    anomaly.severity = .info
    anomaly.intent = .neutral
    anomaly.state = .open
    anomaly.startBucket = Int32(clamping: now / 86_400_000_000)
    anomaly.endBucket = anomaly.startBucket
    anomaly.durationBuckets = 1
    anomaly.baselineValue = 100
    anomaly.actualValue = 50
    anomaly.summary = "this is a test of the way to this receiver"
    anomaly.possibleCause = "Somebody asked for a test"
    anomaly.detectedUnixUs = now
    anomaly.revision = 1
    var change = AnomalyChange()
    change.kind = .opened
    change.anomaly = anomaly
    change.changedUnixUs = now
    return change
  }
}
