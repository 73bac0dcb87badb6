/// Which jobs are taken first.
public enum WorkPriority: Int16, Sendable, Hashable, CaseIterable {
  case low = 0
  case normal = 1
  case high = 2
}

/// Work to be done once, later.
public struct NewJob: Sendable, Hashable {
  /// Which handler does it; a closed set a service.
  public var kind: String

  /// What the work is about.
  ///
  /// Unique among the jobs of a kind that nobody has begun: a repeat replaces the payload of the
  /// one that waits. Once begun, a repeat is a job of its own, because the first may have read
  /// what has changed since.
  public var key: String

  /// What the handler needs, in its own form.
  public var payload: [UInt8]

  /// When it may begin, in microseconds since 1970; nil is at once.
  public var notBeforeUnixMicroseconds: Int64?

  /// Which jobs are taken first.
  public var priority: WorkPriority

  /// Describes a job.
  public init(
    kind: String, key: String, payload: [UInt8] = [], notBeforeUnixMicroseconds: Int64? = nil,
    priority: WorkPriority = .normal
  ) {
    self.kind = kind
    self.key = key
    self.payload = payload
    self.notBeforeUnixMicroseconds = notBeforeUnixMicroseconds
    self.priority = priority
  }
}

/// A job under lease.
///
/// While the lease holds nobody else has the job. Its generation is the fence: whoever comes back
/// after the lease went to another finds the generation moved and can change nothing.
public struct ClaimedJob: Sendable, Hashable {
  /// The number of the row.
  public let id: Int64

  /// Which handler does it.
  public let kind: String

  /// What the work is about.
  public let key: String

  /// What the handler needs.
  public let payload: [UInt8]

  /// How often it has been claimed, this time included.
  public let attempts: Int

  /// The fence.
  public let generation: Int64
}

/// A job that was set aside because it failed too often or cannot succeed.
public struct SetAsideJob: Sendable, Hashable {
  /// The number of the row, for ``WorkQueue/requeue(_:)``.
  public let id: Int64

  /// Which handler refused it.
  public let kind: String

  /// What the work is about.
  public let key: String

  /// How often it was tried.
  public let attempts: Int

  /// Why the last try failed.
  public let reason: String

  /// When it was set aside, in microseconds since 1970.
  public let setAsideUnixMicroseconds: Int64
}

/// How much work of one kind there is.
public struct WorkQueueDepth: Sendable, Hashable {
  /// The kind.
  public let kind: String

  /// Jobs that wait or are being done.
  public let depth: Int64

  /// The age of the oldest of them, in seconds.
  public let oldestSeconds: Double

  /// Jobs set aside.
  public let setAside: Int64
}

/// Why the queue refused.
public struct WorkQueueError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds of refusal.
  public enum Code: String, Sendable {
    /// Another worker has the job by now, or it is done; nothing may be committed for it.
    case leaseLost
  }

  /// The kind of refusal.
  public let code: Code

  /// Which job, in words.
  public let detail: String

  /// One line, safe to log.
  public var description: String { "work queue: \(code.rawValue): \(detail)" }
}
