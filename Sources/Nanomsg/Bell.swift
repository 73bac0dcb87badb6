internal import Glibc

/// A bell that one thread waits for; a ring before the wait is not lost.
///
/// `@unchecked Sendable`: all state is reached under the mutex.
final class Bell: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var hasRung = false

  init() {
    pthread_mutex_init(mutex, nil)
    // Waits are measured by the clock that never steps.
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  func ring() {
    pthread_mutex_lock(mutex)
    hasRung = true
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  func wait() {
    pthread_mutex_lock(mutex)
    while !hasRung {
      pthread_cond_wait(condition, mutex)
    }
    hasRung = false
    pthread_mutex_unlock(mutex)
  }

  /// Waits so long at the most; false when the bell did not ring.
  func wait(seconds: Int) -> Bool {
    var end = timespec()
    clock_gettime(CLOCK_MONOTONIC, &end)
    end.tv_sec += seconds
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while !hasRung {
      guard pthread_cond_timedwait(condition, mutex, &end) == 0 else { return false }
    }
    hasRung = false
    return true
  }
}
