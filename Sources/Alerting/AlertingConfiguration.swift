internal import SeriesModel

/// Whom a receiver that stands for people means.
public enum PersonSelector: Sendable, Hashable {
  /// Whoever looks after the anomaly's customer.
  case owner
  /// Everybody with that role.
  case role(String)
  /// The person of that name.
  case name(String)
}

/// What collects anomalies and tells them together.
public struct Digest: Sendable, Hashable {
  /// What routes and budgets call it.
  public var name: String
  /// Who gets it.
  public var receiver: String
  /// When it is sent.
  public var schedule: DigestSchedule

  /// Gathers a digest.
  public init(name: String, receiver: String, schedule: DigestSchedule) {
    self.name = name
    self.receiver = receiver
    self.schedule = schedule
  }
}

/// How many interruptions a receiver may have, and where the rest goes.
public struct ReceiverBudget: Sendable, Hashable {
  /// The limit.
  public var budget: AlarmBudget
  /// The digest that takes the rest.
  public var digest: String

  /// Pairs a limit with a digest.
  public init(budget: AlarmBudget, digest: String) {
    self.budget = budget
    self.digest = digest
  }
}

/// All that decides who is told what and when; no address and no secret.
public struct AlertingConfiguration: Sendable, Hashable {
  /// The tree; nil where nothing is configured, so that every anomaly is without route.
  public var tree: RouteTree?
  /// What each receiver is for, by name.
  public var receivers: [String: ReceiverRules]
  /// The receivers that stand for people, with whom they mean.
  public var people: [String: [PersonSelector]]
  /// The budgets, by receiver.
  public var budgets: [String: ReceiverBudget]
  /// Receivers that are known and told nothing, because they have no way to be reached.
  public var silentReceivers: Set<String>
  /// Times of day, by name.
  public var schedules: [String: TimeSchedule]
  /// What stands for what.
  public var inhibitions: [InhibitionRule]
  /// Who is told next, by name.
  public var escalations: [String: EscalationPolicy]
  /// What is told together, by name.
  public var digests: [String: Digest]
  /// Everybody with preferences.
  public var directory: Directory?
  /// The words of messages.
  public var templates: MessageTemplates

  /// Gathers a configuration; nobody is told of anything unless it has a tree.
  public init(
    tree: RouteTree? = nil, receivers: [String: ReceiverRules] = [:],
    people: [String: [PersonSelector]] = [:], budgets: [String: ReceiverBudget] = [:],
    silentReceivers: Set<String> = [], schedules: [String: TimeSchedule] = [:],
    inhibitions: [InhibitionRule] = [], escalations: [String: EscalationPolicy] = [:],
    digests: [String: Digest] = [:], directory: Directory? = nil,
    templates: MessageTemplates = .shipped
  ) {
    self.tree = tree
    self.receivers = receivers
    self.people = people
    self.budgets = budgets
    self.silentReceivers = silentReceivers
    self.schedules = schedules
    self.inhibitions = inhibitions
    self.escalations = escalations
    self.digests = digests
    self.directory = directory
    self.templates = templates
  }

  /// Everybody whom a receiver means for a customer of that owner, each once.
  public func persons(of receiver: String, owner: String) -> [Person] {
    guard let selectors = people[receiver], let directory else { return [] }
    var found: [Person] = []
    for selector in selectors {
      let chosen: [Person] =
        switch selector {
        case .owner: directory.people(owner: owner)
        case .role(let role): directory.people(role: role)
        case .name(let name): directory.person(named: name).map { [$0] } ?? []
        }
      for person in chosen where person.wants(owner: owner) && !found.contains(person) {
        found.append(person)
      }
    }
    return found
  }
}

/// One who is to be told of an anomaly: a receiver, and the person where it stands for people.
public struct Destination: Sendable, Hashable {
  /// The receiver's name.
  public var receiver: String
  /// The person's name; nil where the receiver is reached as it is.
  public var person: String?
  /// The route that led here.
  public var match: RouteMatch
  /// The escalation's step and round; nil where no escalation has a part in it.
  public var escalation: EscalationPlace?

  /// The labels that its group shares.
  public func groupLabels(of labels: Labels) -> Labels { match.policy.grouping.labels(of: labels) }
}

/// A step of an escalation on one of its rounds.
public struct EscalationPlace: Sendable, Hashable {
  /// The policy's name.
  public var policy: String
  /// From 0.
  public var step: Int
  /// From 0; counts on when the policy begins anew.
  public var round: Int

  /// Gathers a place.
  public init(policy: String, step: Int, round: Int) {
    self.policy = policy
    self.step = step
    self.round = round
  }
}

/// Where a change of an anomaly leads.
public struct Routing: Sendable, Hashable {
  /// The routes that the anomaly came to, those included that led nowhere.
  public var matches: [RouteMatch] = []
  /// Who is to be told.
  public var destinations: [Destination] = []
  /// Why nobody is told, one sentence a route that led nowhere.
  public var nowhere: [String] = []
}

extension AlertingConfiguration {
  /// Everybody who is to be told of an anomaly by its routes and the first steps of escalations.
  public func routing(of notice: Notice) -> Routing {
    var routing = Routing(matches: tree?.matches(notice.labels) ?? [])
    for match in routing.matches {
      guard let name = match.policy.escalation, let policy = escalations[name],
        let first = policy.steps.first
      else {
        add(match.receiver, match, nil, notice, &routing)
        continue
      }
      let place = EscalationPlace(policy: name, step: 0, round: 0)
      for receiver in first.receivers { add(receiver, match, place, notice, &routing) }
    }
    if routing.destinations.isEmpty && routing.nowhere.isEmpty {
      routing.nowhere = ["no route leads to a receiver"]
    }
    return routing
  }

  /// Everybody whom a later step of an escalation tells.
  public func routing(
    of notice: Notice, by match: RouteMatch, step place: EscalationPlace
  ) -> Routing {
    var routing = Routing()
    guard let policy = escalations[place.policy], policy.steps.indices.contains(place.step) else {
      return routing
    }
    for receiver in policy.steps[place.step].receivers {
      add(receiver, match, place, notice, &routing)
    }
    return routing
  }

  private func add(
    _ receiver: String, _ match: RouteMatch, _ place: EscalationPlace?, _ notice: Notice,
    _ routing: inout Routing
  ) {
    func destination(_ person: String?) -> Destination {
      Destination(receiver: receiver, person: person, match: match, escalation: place)
    }
    if people[receiver] != nil {
      let persons = persons(of: receiver, owner: notice.customer.owner)
      if persons.isEmpty {
        routing.nowhere.append(
          "receiver '\(receiver)' means nobody for the owner '\(notice.customer.owner)'")
      }
      routing.destinations += persons.map { destination($0.name) }
    } else if silentReceivers.contains(receiver) {
      routing.nowhere.append("receiver '\(receiver)' has no way to be reached")
    } else if receivers[receiver] == nil {
      routing.nowhere.append("receiver '\(receiver)' is not among the settings")
    } else {
      routing.destinations.append(destination(nil))
    }
  }
}
