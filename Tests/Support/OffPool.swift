import Glibc

/// Runs blocking work on a thread of its own: on the pool it would keep what is tested from running.
public func offPool<Result: Sendable, Failure: Error>(
  _ work: @escaping @Sendable () throws(Failure) -> Result
) async throws(Failure) -> Result {
  let outcome = await withCheckedContinuation { continuation in
    var thread = pthread_t()
    let body = Unmanaged.passRetained(
      Work {
        continuation.resume(returning: Swift.Result { () throws(Failure) in try work() })
      })
    let number = pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
      }, body.toOpaque())
    precondition(number == 0, "the system has no thread left")
    pthread_detach(thread)
  }
  return try outcome.get()
}

private final class Work: Sendable {
  let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
