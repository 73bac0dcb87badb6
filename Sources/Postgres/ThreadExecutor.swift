internal import Glibc

/// A serial executor that owns one thread, so that its actor may block in C calls.
///
/// The cooperative pool has as many threads as cores; one blocked in libpq would stop a core's
/// worth of everything else.
///
/// `@unchecked Sendable`: the queue is only touched under the pthread mutex, which lives as long
/// as the object because the thread holds a reference until its loop ends.
final class ThreadExecutor: SerialExecutor, @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var queue: [UnownedJob] = []
  private var head = 0
  private var isStopped = false

  /// Starts the thread.
  ///
  /// A process that cannot start a thread cannot serve, hence the precondition.
  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
    var thread = pthread_t()
    let result = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<ThreadExecutor>.fromOpaque(argument).takeRetainedValue().loop()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    precondition(result == 0, "no thread for a connection")
    pthread_detach(thread)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    pthread_cond_destroy(condition)
    mutex.deallocate()
    condition.deallocate()
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let unowned = UnownedJob(job)
    pthread_mutex_lock(mutex)
    queue.append(unowned)
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  func asUnownedSerialExecutor() -> UnownedSerialExecutor {
    UnownedSerialExecutor(ordinary: self)
  }

  /// Lets the thread end once its queue is empty.
  func stop() {
    pthread_mutex_lock(mutex)
    isStopped = true
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  private func loop() {
    while let job = next() {
      job.runSynchronously(on: asUnownedSerialExecutor())
    }
  }

  private func next() -> UnownedJob? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while head == queue.count {
      if isStopped { return nil }
      pthread_cond_wait(condition, mutex)
    }
    let job = queue[head]
    head += 1
    if head == queue.count {
      queue.removeAll(keepingCapacity: true)
      head = 0
    }
    return job
  }
}
