internal import AnomalyContract
internal import DeliveryContract
internal import Postgres
internal import RPC
internal import WorkQueue

/// Hands changes of anomalies to the notifier, one job a change.
///
/// Each job first hands over the earlier changes of its anomaly that are still untold, so the
/// notifier never sees a later one first, however many workers there are; it knows what it has
/// seen, so a repeat does no harm.
struct ChangeSubmission: Sendable {
  /// How long the notifier may take for one change.
  static let timeoutMilliseconds = 10_000

  let store: ClassifierStore
  let notifier: NotifierClient

  /// Does one job.
  func handle(_ job: ClaimedJob) async throws -> WorkOutcome {
    guard let reference = ChangeReference(bytes: job.payload) else {
      return .poison(reason: "the job's payload cannot be read")
    }
    for untold in try await ChangeTable.untold(reference, on: store.pool) {
      var request = SubmitRequest()
      request.change = try AnomalyContract.AnomalyChange(wireBytes: untold.change)
      do throws(RPCError) {
        _ = try await notifier.submit(
          request, options: CallOptions(timeoutMilliseconds: Self.timeoutMilliseconds))
      } catch {
        return Self.outcome(error)
      }
    }
    let moment = store.now()
    try await store.pool.transaction { connection in
      try ChangeTable.markTold(reference, atUnixMicroseconds: moment, on: connection)
      try store.queue.complete(job, on: connection)
    }
    return .completed
  }

  /// A notifier that is away, slow or full never makes a change be set aside; one that refuses
  /// does.
  private static func outcome(_ error: RPCError) -> WorkOutcome {
    switch error.code {
    case .unavailable, .deadlineExceeded, .resourceExhausted, .cancelled, .aborted:
      let seconds =
        error.retryAfterMilliseconds > 0
        ? Double(error.retryAfterMilliseconds) / 1_000 : nil
      return .postponed(reason: error.description, afterSeconds: seconds)
    case .invalidArgument, .unimplemented, .outOfRange:
      return .poison(reason: error.description)
    default: return .failed(reason: error.description)
    }
  }
}
