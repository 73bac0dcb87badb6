/// What happened to an anomaly, and when.
public struct NoticedChange: Sendable, Hashable {
  /// When, in microseconds since 1970.
  public var at: Int64
  /// What.
  public var notice: Notice

  /// Pairs a change with its moment.
  public init(at: Int64, notice: Notice) {
    self.at = at
    self.notice = notice
  }
}

/// What two configurations would have made of the same changes.
public struct RoutingComparison: Sendable, Hashable {
  /// One who is told: a receiver, and the person where it stands for people.
  public struct Addressee: Sendable, Hashable, Comparable {
    /// The receiver's name.
    public var receiver: String
    /// The person's name; nil where the receiver is reached as it is.
    public var person: String?

    /// By receiver, then by person.
    public static func < (left: Addressee, right: Addressee) -> Bool {
      (left.receiver, left.person ?? "") < (right.receiver, right.person ?? "")
    }
  }

  /// How many messages one would have had.
  public struct Count: Sendable, Hashable {
    /// Messages that interrupt: beginnings, changes, repetitions, escalations.
    public var messages = 0
    /// Messages that something is over.
    public var ends = 0
    /// Anomalies that went into digests.
    public var digested = 0
    /// The anomalies that were told by a message.
    public var told: Set<AnomalyReference> = []
  }

  /// The differences of one.
  public struct Row: Sendable, Hashable {
    /// Who.
    public var addressee: Addressee
    /// By the old configuration.
    public var old: Count
    /// By the new one.
    public var new: Count
    /// Anomalies told by the new one only, by id.
    public var gained: [AnomalyReference] { Self.sorted(new.told.subtracting(old.told)) }
    /// Anomalies told by the old one only, by id.
    public var lost: [AnomalyReference] { Self.sorted(old.told.subtracting(new.told)) }
    /// Whether anything differs.
    public var isDifferent: Bool { old != new }

    private static func sorted(_ ids: Set<AnomalyReference>) -> [AnomalyReference] {
      ids.sorted { ($0.high, $0.low) < ($1.high, $1.low) }
    }
  }

  /// Everybody whom either would have told, by name.
  public var rows: [Row]
  /// Anomalies that the old one told to somebody and the new one tells to nobody, by id.
  public var silenced: [AnomalyReference]
  /// Anomalies that only the new one tells to anybody, by id.
  public var raised: [AnomalyReference]

  /// Lets both decide about the same changes.
  ///
  /// - Parameters:
  ///   - old: The configuration that is.
  ///   - new: The configuration that would be.
  ///   - changes: In any order.
  ///   - end: Until when the clocks run on, in microseconds since 1970.
  public init(
    _ old: AlertingConfiguration, _ new: AlertingConfiguration, over changes: [NoticedChange],
    until end: Int64
  ) {
    let ordered = changes.enumerated().sorted {
      ($0.element.at, $0.offset) < ($1.element.at, $1.offset)
    }
    .map(\.element)
    let before = Self.counts(old, ordered, until: end)
    let after = Self.counts(new, ordered, until: end)
    rows = Set(before.keys).union(after.keys).sorted().map { addressee in
      Row(
        addressee: addressee, old: before[addressee] ?? Count(), new: after[addressee] ?? Count())
    }
    let once = before.values.reduce(into: Set()) { $0.formUnion($1.told) }
    let now = after.values.reduce(into: Set()) { $0.formUnion($1.told) }
    silenced = once.subtracting(now).sorted { ($0.high, $0.low) < ($1.high, $1.low) }
    raised = now.subtracting(once).sorted { ($0.high, $0.low) < ($1.high, $1.low) }
  }

  private static func counts(
    _ configuration: AlertingConfiguration, _ changes: [NoticedChange], until end: Int64
  ) -> [Addressee: Count] {
    var simulation = NotificationSimulation(configuration: configuration)
    var counts: [Addressee: Count] = [:]
    func note(_ sent: [SimulatedNotification]) {
      for message in sent {
        let addressee = Addressee(receiver: message.place.receiver, person: message.place.person)
        switch message.reason {
        case .allResolved, .someResolved: counts[addressee, default: Count()].ends += 1
        default: counts[addressee, default: Count()].messages += 1
        }
        counts[addressee, default: Count()].told.formUnion(message.items)
      }
    }
    for change in changes {
      note(simulation.advance(to: change.at))
      simulation.receive(change.notice, at: change.at)
    }
    note(simulation.advance(to: end))
    for (name, anomalies) in simulation.digests {
      let digest = configuration.digests[name]
      let addressee =
        digest.map { Addressee(receiver: $0.receiver) } ?? Addressee(receiver: "", person: name)
      counts[addressee, default: Count()].digested += Set(anomalies).count
    }
    return counts
  }
}
