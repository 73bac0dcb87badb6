internal import Alerting
internal import Integration
internal import SeriesContract
internal import ServiceRuntime
internal import WorkQueue

/// Sends the deliveries of one receiver, one job each.
struct DeliveryWorker: Sendable {
  let receiver: Receiver
  let channel: any DeliveryChannel
  let store: DeliveryStore
  let retry: RetrySettings
  let figures: NotifierFigures
  let logger: Logger
  let clock: @Sendable () -> Int64

  /// Does one job of the queue.
  ///
  /// At least once: when the process ends between sending and noting, the job comes back and the
  /// receiver's side gets the same message, under the same key, again.
  func handle(_ job: ClaimedJob) async throws -> WorkOutcome {
    guard let id = WireUUID(text: job.key) else {
      return .poison(reason: "the job names no delivery")
    }
    if let early = try await store.message(id),
      let wait = channel.waitMicroseconds(for: early, now: clock())
    {
      return .postponed(
        reason: "the receiver's limit a minute is reached",
        afterSeconds: Double(wait) / 1_000_000)
    }
    switch try await store.begin(id, job: job, now: clock()) {
    case .done(let status):
      if let status { figures.count(receiver.kind, status) }
      return .completed
    case .send(let message, let attempt):
      let started = clock()
      let result = await channel.send(message, now: started)
      return try await settle(
        id, message, attempt: attempt, result: result, latency: clock() - started, job: job)
    }
  }

  private func settle(
    _ id: WireUUID, _ message: OutgoingMessage, attempt: Int, result: SendResult,
    latency: Int64, job: ClaimedJob
  ) async throws -> WorkOutcome {
    var status: DeliveryStatus
    var waitSeconds = retry.waitSeconds(attempt: attempt)
    switch result.outcome {
    case .taken: status = .sent
    case .refused, .disabled: status = .undeliverable
    case .retry(let afterSeconds):
      // Who asks for more than the longest wait is asked again meanwhile.
      waitSeconds = min(max(waitSeconds, Double(afterSeconds ?? 0)), retry.longestSeconds)
      let hasTime = try await store.hasTimeLeft(id, afterSeconds: waitSeconds, now: clock())
      status = hasTime ? .queued : .undeliverable
    }
    try await store.finish(
      id, message, attempt: attempt, result: result, status: status,
      latencyMicroseconds: max(0, latency), job: job, now: clock())
    figures.count(receiver.kind, status)
    report(id, message, attempt, result, status)
    if status != .queued { return .completed }
    return .postponed(reason: result.answer, afterSeconds: waitSeconds)
  }

  private func report(
    _ id: WireUUID, _ message: OutgoingMessage, _ attempt: Int, _ result: SendResult,
    _ status: DeliveryStatus
  ) {
    let fields: Logger.Fields = [
      "delivery": id.text, "anomaly": message.lead.notice.anomaly.text, "receiver": receiver.name,
      "kind": message.action.rawValue, "attempt": "\(attempt)",
      "answer": result.answer,
    ]
    switch status {
    case .sent: logger.info("notification sent", fields)
    case .queued: logger.warning("notification not taken yet", fields)
    default: logger.error("notification undeliverable", fields)
    }
  }
}

/// How long to wait between two tries.
public struct RetrySettings: Sendable, Hashable {
  /// The wait after the first try, in seconds; it doubles each time.
  public var firstSeconds: Double

  /// The longest wait, in seconds.
  public var longestSeconds: Double

  /// After so many seconds a notification is undeliverable.
  public var giveUpSeconds: Double

  /// Gathers the settings.
  public init(
    firstSeconds: Double = 30, longestSeconds: Double = 1_800, giveUpSeconds: Double = 86_400
  ) {
    self.firstSeconds = firstSeconds
    self.longestSeconds = longestSeconds
    self.giveUpSeconds = giveUpSeconds
  }

  /// The wait after a try, counted from 1.
  func waitSeconds(attempt: Int) -> Double {
    var seconds = firstSeconds
    for _ in 1..<max(1, min(attempt, 40)) where seconds < longestSeconds { seconds *= 2 }
    return min(seconds, longestSeconds)
  }
}

/// What the notifier counts.
struct NotifierFigures: Sendable {
  private let notifications: Counter

  init(_ registry: MetricsRegistry) {
    notifications = registry.counter(
      "tidemark_notifier_notifications_total",
      help: "Notifications by the kind of receiver and what became of them.",
      labels: ["receiver_kind", "result"])
  }

  func count(_ receiverKind: String, _ status: DeliveryStatus) {
    let result =
      switch status {
      case .queued: "retried"
      case .sent: "sent"
      case .undeliverable: "undeliverable"
      case .withoutRoute: "without_route"
      case .skipped: "skipped"
      }
    notifications.increment(by: 1, receiverKind, result)
  }

  /// Counts a decision, which may be to send later.
  func countDecision(_ receiverKind: String, _ status: DeliveryStatus) {
    if status == .queued {
      notifications.increment(by: 1, receiverKind, "queued")
    } else {
      count(receiverKind, status)
    }
  }
}
