/// How many messages a receiver can bear.
public struct AlarmBudget: Sendable, Hashable {
  /// Most messages within any window.
  public let limit: Int

  /// Length of a window that slides with time, in seconds.
  public let windowSeconds: Int64

  /// How many of the places are kept for what is critical.
  public let criticalReserve: Int

  /// Checks the numbers.
  ///
  /// - Throws: ``AlertingError`` `badBudget`.
  public init(limit: Int, windowSeconds: Int64, criticalReserve: Int = 0) throws(AlertingError) {
    guard limit >= 1 else {
      throw AlertingError(.badBudget, "a budget of \(limit) messages: 1 is least")
    }
    guard (1...366 * 86_400).contains(windowSeconds) else {
      throw AlertingError(
        .badBudget, "a window of \(windowSeconds) s: from 1 s to 366 days may be")
    }
    guard (0...limit).contains(criticalReserve) else {
      throw AlertingError(
        .badBudget, "a reserve of \(criticalReserve) does not fit in a budget of \(limit)")
    }
    self.limit = limit
    self.windowSeconds = windowSeconds
    self.criticalReserve = criticalReserve
  }
}

/// One message that wants to be sent.
public struct BudgetCandidate: Sendable, Hashable {
  /// Which message, such as its deduplication key.
  public var id: String
  /// How bad the worst is that it tells.
  public var severity: NoticeSeverity
  /// Whether it may wake a person.
  public var isPage: Bool
  /// Its place among those of one severity: the lowest is told first.
  public var rank: Int

  /// Gathers a candidate.
  public init(id: String, severity: NoticeSeverity, isPage: Bool, rank: Int) {
    self.id = id
    self.severity = severity
    self.isPage = isPage
    self.rank = rank
  }
}

/// Which messages are sent now, and which go into the digest.
public struct BudgetDecision: Sendable, Hashable {
  /// To be sent, worst first.
  public let admitted: [BudgetCandidate]
  /// For the digest, worst first.
  public let overflow: [BudgetCandidate]

  /// What would have woken a person and is not sent, which somebody should be warned of.
  public var overflowingPages: [BudgetCandidate] { overflow.filter(\.isPage) }
}

/// What a receiver has been sent, as far as its budget looks back.
public struct BudgetLedger: Sendable, Hashable {
  /// What may be sent.
  public let budget: AlarmBudget

  /// When messages were sent, in microseconds since 1970, from the first to the last.
  public private(set) var sent: [Int64]

  /// Takes over when messages were sent, in microseconds since 1970 and in any order.
  public init(budget: AlarmBudget, sent: [Int64] = []) {
    self.budget = budget
    self.sent = sent.sorted()
  }

  /// How many messages of that severity may be sent at a moment.
  public func remaining(at now: Int64, for severity: NoticeSeverity = .critical) -> Int {
    let reserved = severity == .critical ? 0 : budget.criticalReserve
    return max(0, budget.limit - reserved - fullestWindow(around: now))
  }

  /// Admits the worst candidates for which there is room, and enters them as sent at that moment.
  ///
  /// Severity decides, then the rank, then the id. No window that slides over the moment comes to
  /// hold more than the limit, not even with messages that were entered for a later one.
  public mutating func admit(_ candidates: [BudgetCandidate], at now: Int64) -> BudgetDecision {
    var free = remaining(at: now)
    var freeWithoutReserve = remaining(at: now, for: .info)
    var admitted: [BudgetCandidate] = []
    var overflow: [BudgetCandidate] = []
    for candidate in candidates.sorted(by: Self.isWorse) {
      guard candidate.severity == .critical ? free > 0 : freeWithoutReserve > 0 else {
        overflow.append(candidate)
        continue
      }
      free -= 1
      freeWithoutReserve -= 1
      admitted.append(candidate)
    }
    if !admitted.isEmpty {
      let place = sent.partitioningIndex { $0 > now }
      sent.insert(contentsOf: repeatElement(now, count: admitted.count), at: place)
    }
    return BudgetDecision(admitted: admitted, overflow: overflow)
  }

  /// Drops what no window from that moment on can hold.
  public mutating func forget(before now: Int64) {
    sent.removeFirst(sent.partitioningIndex { $0 > now - window })
  }

  private var window: Int64 { budget.windowSeconds * 1_000_000 }

  private static func isWorse(_ left: BudgetCandidate, _ right: BudgetCandidate) -> Bool {
    if left.severity != right.severity { return left.severity > right.severity }
    return (left.rank, left.id) < (right.rank, right.id)
  }

  /// How many messages the fullest window holds that holds the moment as well.
  private func fullestWindow(around now: Int64) -> Int {
    let last = sent.partitioningIndex { $0 >= now + window }
    var first = sent.partitioningIndex { $0 > now - window }
    var end = sent.partitioningIndex { $0 > now }
    var most = end - first
    // Clocks of two machines differ: what another one entered for a later moment counts too.
    while end < last {
      while sent[first] <= sent[end] - window { first += 1 }
      end += 1
      most = max(most, end - first)
    }
    return most
  }
}

extension AlarmBudget {
  /// Admits candidates where the times of what was sent come from a store.
  ///
  /// - Parameters:
  ///   - candidates: What wants to be sent.
  ///   - sent: When messages were sent, in microseconds since 1970 and in any order.
  ///   - now: In microseconds since 1970.
  /// - Returns: What is sent now, and what goes into the digest.
  public func admit(
    _ candidates: [BudgetCandidate], sent: [Int64], at now: Int64
  ) -> BudgetDecision {
    var ledger = BudgetLedger(budget: self, sent: sent)
    return ledger.admit(candidates, at: now)
  }
}

extension [Int64] {
  /// The first place of a sorted array whose element fulfils what all later ones do too.
  fileprivate func partitioningIndex(where isBeyond: (Int64) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if isBeyond(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
