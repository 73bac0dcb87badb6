/// Runs tasks where they are resumed: on the transport's own threads.
///
/// It spares the hop to another thread, which is most of the cost of a small call. Only for code
/// that never blocks: a task that does would hold up the transport itself.
public final class InlineExecutor: TaskExecutor {
  /// The one that servers use when they are told to run their handlers inline.
  public static let shared = InlineExecutor()

  /// Makes an executor.
  public init() {}

  /// Runs the job at once, on this thread.
  public func enqueue(_ job: consuming ExecutorJob) {
    job.runSynchronously(on: asUnownedTaskExecutor())
  }
}
