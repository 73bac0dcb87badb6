internal import Alerting
internal import Integration
internal import SeriesModel
internal import YAML

// Digests and people.
extension RoutesReader {
  mutating func digests(
    _ entry: YAMLNode.Entry?, _ receivers: [String: Receiver]
  ) -> [String: Digest] {
    var found: [String: Digest] = [:]
    for node in shapes.list(entry, "digests") {
      let known = ["name", "receiver", "daily", "weekly", "zone"]
      guard let keys = shapes.mapping(node, "a digest", known),
        let name = declare(keys, node, "a digest", \.digests)
      else { continue }
      places["digest '\(name)'"] = node
      let schedule = schedule(keys, node, keys["zone"].flatMap { zone(of: $0) } ?? zone)
      guard let entry = keys["receiver"], let receiver = shapes.text(entry) else {
        if keys["receiver"] == nil { shapes.refuse(node, "a digest needs a receiver") }
        continue
      }
      require(receiver, in: names.receivers, "receiver", entry.value)
      if let known = receivers[receiver], known.way == nil, people[receiver] == nil {
        shapes.refuse(
          entry.value, "receiver '\(receiver)' has no way, so the digest would be lost")
      }
      if let schedule {
        found[name] = Digest(name: name, receiver: receiver, schedule: schedule)
      }
    }
    return found
  }

  private mutating func schedule(
    _ keys: [String: YAMLNode.Entry], _ node: YAMLNode, _ zone: Zone
  ) -> DigestSchedule? {
    switch (keys["daily"], keys["weekly"]) {
    case (let daily?, nil):
      guard let time = shapes.text(daily) else { return nil }
      return judged(at: daily.value) { () throws(AlertingError) in
        try DigestSchedule(at: time, zone: zone)
      }
    case (nil, let weekly?):
      guard let text = shapes.text(weekly) else { return nil }
      let words = text.split(separator: " ").map(String.init)
      guard words.count == 2 else {
        shapes.refuse(weekly, "'weekly' is a day and a time, such as \"monday 08:00\"")
        return nil
      }
      return judged(at: weekly.value) { () throws(AlertingError) in
        try DigestSchedule(at: words[1], weekday: words[0], zone: zone)
      }
    default:
      shapes.refuse(node, "a digest is sent either 'daily' or 'weekly'")
      return nil
    }
  }

  mutating func directory(
    ofPeople entry: YAMLNode.Entry?, _ receivers: [String: Receiver]
  ) -> Directory? {
    guard let entry else { return nil }
    let persons = shapes.list(entry, "people").compactMap { person($0, receivers) }
    checkSharedChannels(persons, receivers)
    return judged(at: entry.value) { () throws(AlertingError) in try Directory(persons) }
  }

  private mutating func person(_ node: YAMLNode, _ receivers: [String: Receiver]) -> Person? {
    let known = [
      "name", "roles", "email", "slack", "zone", "channels", "quiet_hours", "digest",
      "immediate_severity", "critical_overrides_quiet_hours", "portfolio_only",
    ]
    guard let keys = shapes.mapping(node, "a person", known),
      let name = declare(keys, node, "a person", \.people)
    else { return nil }
    places["person '\(name)'"] = node
    let roles = references(keys["roles"]).map(\.name)
    names.roles.formUnion(roles)
    let email = keys["email"].flatMap { shapes.mailAddress($0, "'email'") }
    let slack = keys["slack"].flatMap { shapes.text($0) }
    let zone = keys["zone"].flatMap { self.zone(of: $0) } ?? zone
    let channels = references(keys["channels"])
    for channel in channels {
      check(channel, of: name, hasEmail: keys["email"] != nil, slack: slack, receivers)
    }
    let quiet = keys["quiet_hours"].flatMap { quietHours($0, of: name, in: zone) }
    let digest = keys["digest"].flatMap { personalDigest($0.value, in: zone) }
    let severity = keys["immediate_severity"].flatMap { self.severity($0) }
    let overrides = keys["critical_overrides_quiet_hours"].flatMap { shapes.boolean($0) }
    let isOwnOnly = keys["portfolio_only"].flatMap { shapes.boolean($0) }
    return judged(at: node) { () throws(AlertingError) in
      try Person(
        name: name, roles: roles, email: email, slackUser: slack, zone: zone,
        channels: channels.map(\.name), quietHours: quiet, digest: digest,
        immediateSeverity: severity ?? .warning, criticalOverridesQuietHours: overrides ?? true,
        portfolioOnly: isOwnOnly ?? false)
    }
  }

  /// A channel is a receiver by which the person can be found.
  private mutating func check(
    _ channel: Reference, of person: String, hasEmail: Bool, slack: String?,
    _ receivers: [String: Receiver]
  ) {
    require(channel.name, in: names.receivers, "receiver", channel.node)
    guard let receiver = receivers[channel.name] else { return }
    guard let way = receiver.way else {
      let why = people[channel.name] == nil ? "has no way" : "stands for people itself"
      shapes.refuse(channel.node, "receiver '\(channel.name)' \(why), so it is no channel")
      return
    }
    switch way.personAddress {
    case .email where !hasEmail:
      shapes.refuse(
        channel.node, "channel '\(channel.name)' is mail, and '\(person)' has no 'email'")
    case .slack where slack == nil:
      shapes.refuse(
        channel.node, "channel '\(channel.name)' is Slack, and '\(person)' has no 'slack'")
    default: break
    }
  }

  /// A way that finds nobody by name may be one person's own, never that of two.
  private mutating func checkSharedChannels(
    _ persons: [Person], _ receivers: [String: Receiver]
  ) {
    var owners: [String: String] = [:]
    for person in persons {
      for channel in person.channels {
        guard let way = receivers[channel]?.way, way.personAddress == nil else { continue }
        guard let other = owners.updateValue(person.name, forKey: channel) else { continue }
        if let node = places["person '\(person.name)'"] {
          shapes.refuse(
            node,
            "'\(other)' and '\(person.name)' share channel '\(channel)', "
              + "which cannot tell one person from another")
        }
      }
    }
  }

  private mutating func quietHours(
    _ entry: YAMLNode.Entry, of person: String, in zone: Zone
  ) -> TimeSchedule? {
    if entry.value.text != nil {
      guard let name = shapes.text(entry) else { return nil }
      require(name, in: names.intervals, "time interval", entry.value)
      return intervals[name]?.schedule(in: zone)
    }
    let spans = entry.value.elements ?? [entry.value]
    return interval("quiet hours of \(person)", spans).schedule(in: zone)
  }

  private mutating func personalDigest(_ node: YAMLNode, in zone: Zone) -> DigestSchedule? {
    guard let keys = shapes.mapping(node, "'digest'", ["daily", "weekly"]) else { return nil }
    return schedule(keys, node, zone)
  }

  /// One of the three words of severity.
  mutating func severity(_ entry: YAMLNode.Entry) -> NoticeSeverity? {
    if let severity = entry.value.text.flatMap({ NoticeSeverity(name: $0) }) { return severity }
    shapes.refuse(entry, "'\(entry.key)' must be info, warning or critical")
    return nil
  }
}

// What can be looked at only when all is read.
extension RoutesReader {
  mutating func checkReferences(_ digests: [String: Digest]) {
    for digest in wantedDigests { require(digest.name, in: names.digests, "digest", digest.node) }
    for (selector, node) in selectors {
      switch selector {
      case .owner where names.people.isEmpty:
        shapes.refuse(node, "'owner' means one of 'people', and there are none")
      case .role(let role) where !names.roles.contains(role):
        shapes.refuse(node, "nobody has the role '\(role)'")
      case .name(let name): require(name, in: names.people, "person", node)
      default: break
      }
    }
    checkLoops(digests)
  }

  /// A digest takes no place in a budget of its own receiver; through two receivers the rest of
  /// one would be the rest of the other for ever.
  private mutating func checkLoops(_ digests: [String: Digest]) {
    for start in budgets.keys.sorted() {
      var way = [start]
      while let last = way.last, let digest = budgets[last]?.digest,
        let next = digests[digest]?.receiver, next != last
      {
        if next == start, let node = places["receiver '\(start)'"] {
          shapes.refuse(
            node, "the budgets of \((way + [start]).joined(separator: ", ")) go in a circle")
        }
        if way.contains(next) { break }
        way.append(next)
      }
    }
  }
}
