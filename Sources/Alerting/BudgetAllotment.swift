/// A planned message with what its rank depends on.
public struct RankedMessage: Sendable, Hashable {
  /// Unique among those that compete.
  public var id: String
  /// The message.
  public var message: PlannedMessage
  /// What it speaks of, the most important first.
  public var lead: Notice

  /// Gathers what is known.
  public init(id: String, message: PlannedMessage, lead: Notice) {
    self.id = id
    self.message = message
    self.lead = lead
  }
}

extension AlertingConfiguration {
  /// The messages that find no place in a receiver's budget; they go into its digest.
  ///
  /// Those that interrupt nobody need no place: an end, an acknowledgement, a digest.
  ///
  /// - Parameters:
  ///   - messages: All that a receiver would be told at this moment.
  ///   - receiver: The receiver's name.
  ///   - sent: When it was interrupted before, in microseconds since 1970.
  ///   - now: Microseconds since 1970.
  /// - Returns: The identities of those that find no place.
  public func overflow(
    of messages: [RankedMessage], receiver: String, sent: [Int64], at now: Int64
  ) -> Set<String> {
    guard let budget = budgets[receiver]?.budget else { return [] }
    let competing = messages.filter(\.message.interrupts)
    let order = competing.sorted { left, right in
      if left.lead.magnitude != right.lead.magnitude {
        return left.lead.magnitude > right.lead.magnitude
      }
      return left.id < right.id
    }
    let pages = receivers[receiver]?.pages ?? false
    let candidates = order.enumerated().map { rank, message in
      BudgetCandidate(
        id: message.id, severity: message.lead.severity, isPage: pages, rank: rank)
    }
    var ledger = BudgetLedger(budget: budget, sent: sent)
    return Set(ledger.admit(candidates, at: now).overflow.map(\.id))
  }
}
