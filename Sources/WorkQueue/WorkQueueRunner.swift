internal import Locking
internal import Postgres
public import ServiceRuntime

/// What became of a job.
public enum WorkOutcome: Sendable {
  /// It is done; the runner removes it.
  case finished
  /// It is done, and the handler removed it in its own transaction.
  case completed
  /// It failed; it is tried again later, and set aside after too many failures.
  case failed(reason: String)
  /// It could not be tried, because what it needs is away; it is tried again for ever.
  case postponed(reason: String, afterSeconds: Double?)
  /// It cannot succeed; it is set aside now.
  case poison(reason: String)
}

/// Takes jobs from a queue and hands them to their handlers, several at a time.
///
/// Woken by NOTIFY, by a free place and by a poll. Leases of jobs in progress are renewed, so that
/// a long job keeps its place; one whose process died comes back when its lease ends.
public final class WorkQueueRunner: Service {
  /// Does one job; an error thrown counts as a failure.
  ///
  /// When the lease is lost the task is not cancelled: the fence in the database decides.
  public typealias Handler = @Sendable (ClaimedJob) async throws -> WorkOutcome

  /// How a runner works.
  public struct Settings: Sendable, Hashable {
    /// The most jobs in progress at once.
    public var concurrency: Int

    /// How long a job is ours without a renewal, in seconds.
    public var leaseSeconds: Double

    /// How often to look without being woken, in seconds.
    public var pollSeconds: Double

    /// Gathers the settings.
    public init(concurrency: Int = 8, leaseSeconds: Double = 30, pollSeconds: Double = 1) {
      precondition(concurrency > 0 && leaseSeconds > 0 && pollSeconds > 0, "all above zero")
      self.concurrency = concurrency
      self.leaseSeconds = leaseSeconds
      self.pollSeconds = pollSeconds
    }
  }

  private struct State {
    var held: [Int64: ClaimedJob] = [:]
    var isStopping = false
  }

  /// A word for logs.
  public let name: String

  private let queue: WorkQueue
  private let handlers: [String: Handler]
  private let settings: Settings
  private let logger: Logger
  private let jobs: Counter
  private let state = Locked(State())
  private let bells: AsyncStream<Void>
  private let bell: AsyncStream<Void>.Continuation

  /// Gathers a runner; the schema is the one whose queue it watches.
  public init(
    _ queue: WorkQueue, name: String, handlers: [String: Handler], settings: Settings = Settings(),
    logger: Logger, registry: MetricsRegistry
  ) {
    self.queue = queue
    self.name = name
    self.handlers = handlers
    self.settings = settings
    self.logger = logger
    jobs = registry.counter(
      "tidemark_workqueue_jobs_total", help: "Jobs by what became of them.",
      labels: ["kind", "result"])
    (bells, bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    queue.report(to: registry)
  }

  /// Asks to stop; jobs in progress are finished first.
  public func shutDown() async {
    state.withLock { $0.isStopping = true }
    bell.yield()
  }

  /// Works until asked to stop.
  public func run() async throws {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.listen() }
      group.addTask { await self.poll() }
      group.addTask { await self.renew() }
      await work()
      group.cancelAll()
    }
  }

  private func work() async {
    await withDiscardingTaskGroup { group in
      bell.yield()
      for await _ in bells {
        var mayHaveMore = true
        while mayHaveMore {
          let (free, isStopping) = state.withLock {
            (settings.concurrency - $0.held.count, $0.isStopping)
          }
          if isStopping { return }
          if free <= 0 { break }
          let claimed = await claim(free)
          for job in claimed {
            group.addTask { await self.handle(job) }
          }
          mayHaveMore = claimed.count == free
        }
        if Task.isCancelled { return }
      }
    }
  }

  private func claim(_ limit: Int) async -> [ClaimedJob] {
    do {
      let claimed = try await queue.claim(
        kinds: handlers.keys.sorted(), limit: limit, leaseSeconds: settings.leaseSeconds)
      state.withLock { state in
        for job in claimed { state.held[job.id] = job }
      }
      return claimed
    } catch {
      // The next poll tries again.
      if !Task.isCancelled { logger.warning("jobs not claimed", ["error": "\(error)"]) }
      return []
    }
  }

  private func handle(_ job: ClaimedJob) async {
    let outcome: WorkOutcome
    do {
      guard let handler = handlers[job.kind] else {
        preconditionFailure("claimed a kind without a handler")
      }
      outcome = try await handler(job)
    } catch {
      outcome = .failed(reason: "\(error)")
    }
    await settle(job, outcome)
    state.withLock { _ = $0.held.removeValue(forKey: job.id) }
    bell.yield()
  }

  private func settle(_ job: ClaimedJob, _ outcome: WorkOutcome) async {
    do {
      switch outcome {
      case .finished:
        try await queue.complete(job)
        jobs.increment(job.kind, "done")
      case .completed:
        jobs.increment(job.kind, "done")
      case .failed(let reason):
        jobs.increment(job.kind, "failed")
        logger.warning(
          "job failed",
          ["kind": job.kind, "attempt": "\(job.attempts)", "key": job.key, "reason": reason])
        try await queue.fail(job, reason: reason)
      case .postponed(let reason, let seconds):
        jobs.increment(job.kind, "postponed")
        logger.debug("job postponed", ["kind": job.kind, "key": job.key, "reason": reason])
        try await queue.postpone(job, reason: reason, afterSeconds: seconds)
      case .poison(let reason):
        jobs.increment(job.kind, "set_aside")
        logger.error("job set aside", ["kind": job.kind, "key": job.key, "reason": reason])
        try await queue.fail(job, reason: reason, isPoison: true)
      }
    } catch {
      // Its lease ends and somebody does it again; handlers are idempotent.
      logger.warning("job not settled", ["kind": job.kind, "error": "\(error)"])
    }
  }

  private func listen() async {
    for await _ in queue.wakeUps() { bell.yield() }
  }

  private func poll() async {
    while await pause(settings.pollSeconds) { bell.yield() }
  }

  private func renew() async {
    while await pause(settings.leaseSeconds / 3) {
      let held = state.withLock { Array($0.held.values) }
      if held.isEmpty { continue }
      do {
        let ours = try await queue.renewLeases(held, leaseSeconds: settings.leaseSeconds)
        for job in held where !ours.contains(job.id) {
          // It may just have been settled; if not, its transaction will be refused.
          logger.debug("lease not renewed", ["kind": job.kind, "key": job.key])
        }
      } catch {
        if !Task.isCancelled { logger.warning("leases not renewed", ["error": "\(error)"]) }
      }
    }
  }

  /// Waits; false when the task was cancelled.
  private func pause(_ seconds: Double) async -> Bool {
    do {
      try await Task.sleep(for: .seconds(seconds))
      return true
    } catch {
      return false
    }
  }
}

extension WorkQueue {
  /// The wake-ups of this queue's own schema.
  func wakeUps() -> PostgresListener {
    PostgresListener(configuration: pool.configuration, channel: Self.channel(schema: schema))
  }

  /// Publishes depth and age before each scrape.
  func report(to registry: MetricsRegistry) {
    let depth = registry.gauge(
      "tidemark_workqueue_depth", help: "Jobs that wait or are being done.", labels: ["kind"])
    let oldest = registry.gauge(
      "tidemark_workqueue_oldest_seconds", help: "Age of the oldest job.", labels: ["kind"])
    let aside = registry.gauge(
      "tidemark_workqueue_set_aside", help: "Jobs that were set aside.", labels: ["kind"])
    let seen = Locked<Set<String>>([])
    registry.collectBeforeScrape {
      let found: [WorkQueueDepth]
      // A scrape goes on without a database; readiness tells of that.
      do { found = try await depths() } catch { return }
      let gone = seen.withLock { seen in
        let gone = seen.subtracting(found.map(\.kind))
        seen.formUnion(found.map(\.kind))
        return gone
      }
      for kind in gone {
        depth.set(0, kind)
        oldest.set(0, kind)
        aside.set(0, kind)
      }
      for entry in found {
        depth.set(Double(entry.depth), entry.kind)
        oldest.set(entry.oldestSeconds, entry.kind)
        aside.set(Double(entry.setAside), entry.kind)
      }
    }
  }
}
