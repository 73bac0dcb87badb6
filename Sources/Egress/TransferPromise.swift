internal import CCurl
internal import Locking

/// The place where the loop's thread leaves an outcome and one task waits for it.
final class TransferPromise: Sendable {
  typealias Outcome = Result<TransferOutcome, EgressError>

  private enum State {
    case empty
    case awaited(CheckedContinuation<Outcome, Never>)
    case kept(Outcome)
  }

  private let state = Locked(State.empty)

  /// Leaves the outcome; called once.
  func keep(_ outcome: Outcome) {
    let waiting = state.withLock { state -> CheckedContinuation<Outcome, Never>? in
      guard case .awaited(let continuation) = state else {
        state = .kept(outcome)
        return nil
      }
      state = .kept(outcome)
      return continuation
    }
    waiting?.resume(returning: outcome)
  }

  /// Waits for the outcome; called once.
  func value() async -> Outcome {
    await withCheckedContinuation { continuation in
      let outcome = state.withLock { state -> Outcome? in
        if case .kept(let outcome) = state { return outcome }
        state = .awaited(continuation)
        return nil
      }
      if let outcome { continuation.resume(returning: outcome) }
    }
  }
}

extension TransferLoop {
  /// Runs one transfer to its end.
  ///
  /// - Throws: What kept it from ending; a failure of the exchange itself is in the outcome.
  func run(
    policy: EgressPolicy, destination: Destination, _ prepare: (Transfer) -> Void
  ) async throws(EgressError) -> TransferOutcome {
    if Task.isCancelled { throw EgressError(.cancelled, "the caller gave up") }
    let number = nextNumber()
    let promise = TransferPromise()
    let transfer = try Transfer(
      number: number, allowsPrivate: policy.allowsPrivate(destination),
      finish: { promise.keep($0) })
    setCommon(transfer, policy)
    prepare(transfer)
    try transfer.check()
    submit(transfer)
    return try await withTaskCancellationHandler {
      await promise.value()
    } onCancel: {
      cancel(number)
    }.get()
  }

  private func setCommon(_ transfer: Transfer, _ policy: EgressPolicy) {
    transfer.set(CURLOPT_NOSIGNAL, 1)
    transfer.set(CURLOPT_PROXY, "")
    transfer.set(CURLOPT_NOPROXY, "*")
    transfer.set(CURLOPT_FOLLOWLOCATION, 0)
    transfer.set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
    transfer.set(CURLOPT_SSL_VERIFYPEER, 1)
    transfer.set(CURLOPT_SSL_VERIFYHOST, 2)
    transfer.set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    transfer.set(CURLOPT_MAXAGE_CONN, 30)
    transfer.set(CURLOPT_TCP_KEEPALIVE, 1)
    transfer.set(CURLOPT_USERAGENT, "Tidemark")
    if let file = policy.certificateAuthorityFile { transfer.set(CURLOPT_CAINFO, file) }
  }
}
