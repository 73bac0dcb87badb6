internal import CCurl
internal import Glibc
internal import Locking

/// One thread that drives all transfers of a client through libcurl's multi interface.
///
/// libcurl's calls block for short whiles (name look-ups run on libcurl's own threads), so they
/// never run on the cooperative pool. `@unchecked Sendable`: `multi` is touched by the loop's
/// thread only, but for `curl_multi_wakeup`, which libcurl allows from any thread and which is
/// called under the lock that guards its end.
final class TransferLoop: @unchecked Sendable {
  /// Most transfers at a time; more are refused.
  static let transfersLimit = 1_024

  private struct Orders {
    var arrivals: [Transfer] = []
    var cancellations: [UInt64] = []
    var isClosing = false
    var hasEnded = false
    var count = 0
    var nextNumber: UInt64 = 1
  }

  private let multi: UnsafeMutableRawPointer
  private let orders = Locked(Orders())
  // Touched by the loop's thread only.
  private var running: [UnsafeMutableRawPointer: Transfer] = [:]

  private static let globalResult: CURLcode = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

  init() throws(EgressError) {
    guard Self.globalResult == CURLE_OK, let multi = curl_multi_init() else {
      throw EgressError(.closed, "libcurl could not be started")
    }
    self.multi = multi
  }

  /// Starts the thread, which keeps the loop alive until it is closed.
  func start() throws(EgressError) {
    let held = Unmanaged.passRetained(self)
    var thread = pthread_t()
    let result = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<TransferLoop>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, held.toOpaque())
    guard result == 0 else {
      held.release()
      curl_multi_cleanup(multi)
      throw EgressError(.closed, "no thread for transfers: error \(result)")
    }
    pthread_detach(thread)
  }

  func nextNumber() -> UInt64 {
    orders.withLock { orders in
      orders.nextNumber += 1
      return orders.nextNumber
    }
  }

  func submit(_ transfer: Transfer) {
    let refusal = orders.withLock { orders -> EgressError? in
      if orders.isClosing { return EgressError(.closed, "the client was closed") }
      if orders.count >= Self.transfersLimit {
        return EgressError(.closed, "\(orders.count) transfers run already")
      }
      orders.count += 1
      orders.arrivals.append(transfer)
      curl_multi_wakeup(multi)
      return nil
    }
    if let refusal { transfer.abandon(refusal) }
  }

  func cancel(_ number: UInt64) {
    orders.withLock { orders in
      guard !orders.hasEnded else { return }
      orders.cancellations.append(number)
      curl_multi_wakeup(multi)
    }
  }

  func close() {
    orders.withLock { orders in
      guard !orders.hasEnded else { return }
      orders.isClosing = true
      curl_multi_wakeup(multi)
    }
  }

  private func run() {
    blockBrokenPipeSignal()
    while takeOrders() {
      var count: Int32 = 0
      curl_multi_perform(multi, &count)
      collect()
      // libcurl shortens the wait to its own timers; the wake-up ends it for new orders.
      curl_multi_poll(multi, nil, 0, 60_000, nil)
    }
    for transfer in running.values {
      curl_multi_remove_handle(multi, transfer.easy)
      transfer.abandon(EgressError(.closed, "the client was closed"))
    }
    running.removeAll()
    orders.withLock { $0.hasEnded = true }
    curl_multi_cleanup(multi)
  }

  /// Starts what has arrived and drops what was cancelled; false when the loop is to end.
  private func takeOrders() -> Bool {
    let (arrivals, cancellations, isClosing) = orders.withLock { orders in
      defer {
        orders.arrivals.removeAll()
        orders.cancellations.removeAll()
      }
      return (orders.arrivals, Set(orders.cancellations), orders.isClosing)
    }
    for transfer in arrivals {
      if curl_multi_add_handle(multi, transfer.easy) == CURLM_OK {
        running[transfer.easy] = transfer
      } else {
        settle(transfer) { $0.abandon(EgressError(.closed, "libcurl refused a transfer")) }
      }
    }
    if !cancellations.isEmpty {
      for transfer in running.values where cancellations.contains(transfer.number) {
        curl_multi_remove_handle(multi, transfer.easy)
        running[transfer.easy] = nil
        settle(transfer) { $0.abandon(EgressError(.cancelled, "the caller gave up")) }
      }
    }
    return !isClosing
  }

  private func collect() {
    var left: Int32 = 0
    while let message = curl_multi_info_read(multi, &left) {
      guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
        let transfer = running.removeValue(forKey: easy)
      else { continue }
      let result = tidemark_curl_message_result(message)
      // Removed before it reports, because the report may free it.
      curl_multi_remove_handle(multi, easy)
      settle(transfer) { $0.complete(result) }
    }
  }

  private func settle(_ transfer: Transfer, _ report: (Transfer) -> Void) {
    orders.withLock { $0.count -= 1 }
    report(transfer)
  }

  /// OpenSSL writes with `write`, which would end the process when the peer has gone.
  private func blockBrokenPipeSignal() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
  }
}
