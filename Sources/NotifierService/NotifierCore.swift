internal import Alerting
internal import AnomalyContract
internal import Egress
internal import Integration
internal import Postgres
internal import ServiceRuntime
internal import WorkQueue

/// The notifier without its front: database, calls, and the workers that send.
struct NotifierCore: Sendable {
  /// How long a job is ours without a renewal, in seconds.
  static let leaseSeconds: Double = 30

  let settings: NotifierSettings
  let pool: PostgresPool
  let queue: WorkQueue
  let store: DeliveryStore
  let calls: NotifierCalls
  let configuration: LiveConfiguration
  /// A word for each time that another configuration came into force.
  let changes: AsyncStream<Void>
  private let change: AsyncStream<Void>.Continuation
  private let refresher: ConfigurationRefresh
  private let inbound: InboundForwarding
  private let egress: EgressClient
  private let figures: NotifierFigures
  private let registry: MetricsRegistry
  private let logger: Logger
  private let clock: @Sendable () -> Int64

  init(
    settings: NotifierSettings, classifier: ClassifierClient? = nil, logger: Logger,
    registry: MetricsRegistry,
    clock: @escaping @Sendable () -> Int64 = SystemTime.unixMicroseconds
  ) throws {
    self.settings = settings
    self.logger = logger
    self.registry = registry
    self.clock = clock
    pool = PostgresPool(
      configuration: PostgresConfiguration(
        url: settings.databaseURL.secret, applicationName: "tidemark-notifier"),
      size: settings.databaseConnections)
    // A job is never set aside: the worker itself decides when to give up, and notes it.
    queue = WorkQueue(
      pool: pool, schema: .notifier, settings: WorkQueue.Settings(attemptsLimit: 1_000_000))
    figures = NotifierFigures(registry)
    configuration = LiveConfiguration(settings.routes)
    store = DeliveryStore(
      pool: pool, queue: queue, configuration: configuration,
      giveUpSeconds: settings.retry.giveUpSeconds, publicURL: settings.publicURL,
      figures: figures, logger: logger)
    egress = try EgressClient(policy: settings.egress)
    let inbound = InboundForwarding(store: store, classifier: classifier, logger: logger)
    self.inbound = inbound
    let changed = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    (changes, change) = (changed.stream, changed.continuation)
    let refresher = ConfigurationRefresh(
      store: store, configuration: configuration, settings: settings, logger: logger,
      clock: clock, changed: { changed.continuation.yield() })
    self.refresher = refresher
    calls = NotifierCalls(
      store: store, figures: figures, logger: logger, clock: clock,
      reading: { bytes throws(RoutesError) in try refresher.read(bytes) },
      refresh: { await refresher.refresh() }, inbound: inbound,
      silenceSecondsLimit: settings.silenceSecondsLimit)
  }

  /// One runner for each receiver, so that one who is dead holds up nobody else, and one that
  /// decides.
  func runners() async throws -> [WorkQueueRunner] {
    [planner()] + (try await workers().map(runner))
  }

  /// What decides: groups, escalations, digests.
  var deciding: [String: WorkQueueRunner.Handler] {
    [
      DeliveryStore.planJob: { job in
        try await store.plan(job, now: clock())
        return .completed
      },
      DeliveryStore.escalationJob: { job in
        try await store.escalate(job, now: clock())
        return .completed
      },
      DeliveryStore.digestJob: { job in
        try await store.sendDigest(job, now: clock())
        return .completed
      },
      DeliveryStore.silenceJob: { job in
        try await store.tendSilence(job, now: clock())
        return .completed
      },
      DeliveryStore.rerouteJob: { job in
        try await store.reroute(job, now: clock())
        return .completed
      },
      InboundForwarding.jobKind: { job in try await inbound.handle(job) },
    ]
  }

  private func planner() -> WorkQueueRunner {
    WorkQueueRunner(
      queue, name: "notifier planning", handlers: deciding,
      settings: WorkQueueRunner.Settings(
        concurrency: 4, leaseSeconds: Self.leaseSeconds, pollSeconds: 1),
      logger: logger, registry: registry)
  }

  func migrate() async throws {
    try await Migrator.migrate(DeliveryMigrations.all, on: pool)
    await refresher.refresh()
  }

  /// Looks which configuration is in force now.
  func refreshConfiguration() async { await refresher.refresh() }

  /// One worker for each receiver that can be reached, and for each that is gone and has work.
  func workers() async throws -> [DeliveryWorker] {
    var workers: [DeliveryWorker] = []
    for receiver in configuration.current.receivers.values.sorted(by: { $0.name < $1.name }) {
      guard let channel = try channel(to: receiver) else { continue }
      workers.append(worker(receiver, channel))
    }
    for name in try await store.orphans() {
      logger.warning("receiver with waiting notifications is gone", ["receiver": name])
      workers.append(
        worker(Receiver(name: name, rules: ReceiverRules(), way: nil), MissingChannel()))
    }
    return workers
  }

  /// Whether the database answers.
  func isDatabaseReady() async -> Bool {
    do {
      _ = try await pool.query("SELECT 1")
      return true
    } catch {
      return false
    }
  }

  func close() async {
    egress.close()
    await pool.close()
  }

  private func channel(to receiver: Receiver) throws -> (any DeliveryChannel)? {
    try receiver.way?.channel(
      ChannelSurroundings(
        egress: egress, policy: settings.egress, publicURL: settings.publicURL,
        totalMilliseconds: Int(settings.sendSeconds * 1_000)))
  }

  private func worker(
    _ receiver: Receiver, _ channel: any DeliveryChannel
  ) -> DeliveryWorker {
    DeliveryWorker(
      receiver: receiver, channel: channel, store: store, retry: settings.retry,
      figures: figures, logger: logger, clock: clock)
  }

  private func runner(_ worker: DeliveryWorker) -> WorkQueueRunner {
    WorkQueueRunner(
      queue, name: "notifier to \(worker.receiver.name)",
      handlers: [worker.receiver.jobKind: { job in try await worker.handle(job) }],
      settings: WorkQueueRunner.Settings(
        concurrency: settings.sendsPerReceiver, leaseSeconds: Self.leaseSeconds, pollSeconds: 1),
      logger: logger, registry: registry)
  }
}

/// Stands where a receiver was that is not among the settings any more.
private struct MissingChannel: DeliveryChannel {
  func send(_ message: OutgoingMessage, now: Int64) async -> SendResult {
    .refused("the receiver is not among the settings any more")
  }
}
