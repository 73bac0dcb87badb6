#if TIDEMARK_SANITIZE_THREAD
  internal import Glibc

  /// A value that is only reached under its lock.
  ///
  /// `Synchronization.Mutex` waits by futex inside the runtime, which ThreadSanitizer does not see;
  /// sanitizer builds therefore take a pthread mutex, which it does.
  ///
  /// `@unchecked Sendable`: the value is only touched between lock and unlock of the mutex.
  public final class Locked<Value>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var value: Value

    /// Takes ownership of the value.
    public init(_ value: sending Value) {
      self.value = value
      pthread_mutex_init(mutex, nil)
    }

    deinit {
      pthread_mutex_destroy(mutex)
      mutex.deallocate()
    }

    /// Runs the body with the value, alone.
    ///
    /// The body must be short, must not block and must not call back into the same lock.
    public func withLock<Result: ~Copyable, Failure: Error>(
      _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
      pthread_mutex_lock(mutex)
      defer { pthread_mutex_unlock(mutex) }
      return try body(&value)
    }
  }
#else
  public import Synchronization

  /// A value that is only reached under its lock.
  ///
  /// `@unchecked Sendable`: the value is only touched inside `Mutex.withLock`.
  public final class Locked<Value>: @unchecked Sendable {
    @usableFromInline let mutex = Mutex<Void>(())
    // Behind a pointer, because the lock makes the checks of exclusive access needless that the
    // compiler would put around a stored property.
    @usableFromInline let value = UnsafeMutablePointer<Value>.allocate(capacity: 1)

    /// Takes ownership of the value.
    @inlinable
    public init(_ value: sending Value) {
      self.value.initialize(to: value)
    }

    deinit {
      value.deinitialize(count: 1)
      value.deallocate()
    }

    /// Runs the body with the value, alone.
    ///
    /// The body must be short, must not block and must not call back into the same lock.
    @inlinable
    public func withLock<Result: ~Copyable, Failure: Error>(
      _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
      try mutex.withLock { _ throws(Failure) in try body(&value.pointee) }
    }
  }
#endif
