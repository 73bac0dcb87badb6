internal import Alerting
internal import Egress
internal import ServiceRuntime
internal import YAML

// The receivers of a file of routes.
extension RoutesReader {
  mutating func receiver(_ node: YAMLNode, directory: [String: String]) -> Receiver? {
    let known = ["name", "pagerduty", "email", "minimum-severity", "send-resolved"]
    guard let keys = mapping(node, "a receiver", known) else { return nil }
    guard let name = keys["name"].flatMap({ text($0, "name") }) else {
      if keys["name"] == nil { refuse(node, "a receiver needs a name") }
      return nil
    }
    guard declaredNames.insert(name).inserted else {
      refuse(node, "receiver '\(name)' stands twice")
      return nil
    }
    guard name.utf8.count <= 100, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      refuse(node, "a receiver's name has at most 100 printable characters and no space")
      return nil
    }
    var rules = ReceiverRules(pages: keys["pagerduty"] != nil)
    if let entry = keys["minimum-severity"] {
      if let severity = text(entry, entry.key).flatMap({ NoticeSeverity(name: $0) }) {
        rules.minimumSeverity = severity
      } else {
        refuse(entry, "'minimum-severity' must be info, warning or critical")
      }
    }
    if let entry = keys["send-resolved"] {
      rules.wantsResolved = boolean(entry, entry.key) ?? true
    }
    if let second = keys["email"], keys["pagerduty"] != nil {
      refuse(second, "receiver '\(name)' has two ways; make two receivers of it")
      return nil
    }
    let way: Receiver.Way?
    if let entry = keys["pagerduty"] {
      way = pagerDuty(entry.value).map { .pagerDuty($0) }
    } else if let entry = keys["email"] {
      way = email(entry.value, directory: directory).map { .email($0) }
    } else {
      way = .nowhere
    }
    return way.map { Receiver(name: name, rules: rules, way: $0) }
  }

  private mutating func pagerDuty(_ node: YAMLNode) -> PagerDutySettings? {
    let known = ["url", "routing-key-file", "previous-routing-key-files", "events-per-minute"]
    guard let keys = mapping(node, "'pagerduty'", known) else { return nil }
    guard let file = keys["routing-key-file"] else {
      refuse(node, "'routing-key-file' is missing")
      return nil
    }
    let key = routingKey(file.value)
    let previous = list(
      keys["previous-routing-key-files"], "previous-routing-key-files"
    ).compactMap { routingKey($0) }
    let url = keys["url"].flatMap { text($0, "url") } ?? PagerDutySettings.usualURL
    let rate = keys["events-per-minute"].flatMap { integer($0, $0.key, in: 1...100_000) } ?? 100
    return key.map {
      PagerDutySettings(
        url: url, routingKey: $0, previousKeys: previous, eventsPerMinute: rate)
    }
  }

  private mutating func routingKey(_ node: YAMLNode) -> RoutingKey? {
    guard let secret = secret(node) else { return nil }
    guard let key = RoutingKey(secret) else {
      refuse(node, "the file must hold a routing key of 32 letters and digits")
      return nil
    }
    return key
  }

  private mutating func secret(_ node: YAMLNode) -> Redacted<String>? {
    guard let path = node.text, !path.isEmpty else {
      refuse(node, "a secret is named by the path of its file")
      return nil
    }
    do {
      return try SettingsFile.secret(path.hasPrefix("/") ? path : folder + path)
    } catch {
      for fault in error.faults { refuse(node, fault) }
      return nil
    }
  }

  private mutating func email(_ node: YAMLNode, directory: [String: String]) -> EmailSettings? {
    let known = [
      "smarthost", "from", "from-name", "to", "fallback-to", "username", "password-file",
      "greeting", "insecure-plaintext",
    ]
    guard let keys = mapping(node, "'email'", known) else { return nil }
    for key in ["smarthost", "from", "to"] where keys[key] == nil {
      refuse(node, "'\(key)' is missing")
    }
    let server = keys["smarthost"].flatMap { mailServer($0, keys) }
    let from = keys["from"].flatMap { mailAddress($0, "'from'") }
    let to = keys["to"].map { recipients($0) } ?? []
    let fallback = keys["fallback-to"].flatMap { mailAddress($0, "'fallback-to'") }
    let name = keys["from-name"].flatMap { text($0, "from-name") } ?? "Tidemark"
    guard let server, let from, !to.isEmpty else { return nil }
    return EmailSettings(
      server: server, from: MailDocument.Mailbox(name: name, address: from), to: to,
      fallback: fallback, directory: directory)
  }

  private mutating func mailServer(
    _ entry: YAMLNode.Entry, _ keys: [String: YAMLNode.Entry]
  ) -> MailServer? {
    let parts = (text(entry, "smarthost") ?? "").split(separator: "://", maxSplits: 1)
    let place = parts.last.map { $0.split(separator: ":", omittingEmptySubsequences: false) } ?? []
    guard parts.count == 2, let scheme = parts.first, ["smtp", "smtps"].contains(scheme),
      let host = place.first, !host.isEmpty, place.count <= 2,
      host.utf8.allSatisfy({ isAlphanumeric($0) || $0 == 0x2d || $0 == 0x2e })
    else {
      refuse(entry, "'smarthost' must be smtp://host:port or smtps://host:port")
      return nil
    }
    let usual = scheme == "smtps" ? 465 : 587
    guard let port = place.count == 2 ? Int(place[1]) : usual, (1...65_535).contains(port) else {
      refuse(entry, "the port of 'smarthost' must be a number from 1 to 65535")
      return nil
    }
    let isPlain = keys["insecure-plaintext"].flatMap { boolean($0, $0.key) } ?? false
    if isPlain && scheme == "smtps" {
      refuse(entry, "'insecure-plaintext' and smtps:// exclude each other")
    }
    let username = keys["username"].flatMap { text($0, "username") }
    let password = keys["password-file"].flatMap { secret($0.value) }
    if (username == nil) != (keys["password-file"] == nil) {
      refuse(entry, "'username' and 'password-file' go together")
    }
    if isPlain && username != nil {
      refuse(entry, "credentials are only sent over TLS; drop 'insecure-plaintext'")
    }
    let greeting = keys["greeting"].flatMap { text($0, "greeting") } ?? "tidemark.invalid"
    if !MailAddress.isValid("x@\(greeting)") {
      refuse(entry, "'greeting' must be the name of a host")
    }
    return MailServer(
      host: String(host), port: port,
      protection: isPlain ? .insecure : scheme == "smtps" ? .implicitTLS : .startTLS,
      username: username, password: password?.secret, greeting: greeting)
  }

  private mutating func recipients(_ entry: YAMLNode.Entry) -> [EmailSettings.Recipient] {
    let nodes = entry.value.elements ?? [entry.value]
    var found: [EmailSettings.Recipient] = []
    for node in nodes {
      switch node.text {
      case "owner"?: found.append(.owner)
      case let address? where MailAddress.isValid(address): found.append(.address(address))
      default: refuse(node, "'to' takes mail addresses and the word owner")
      }
    }
    if nodes.isEmpty { refuse(entry, "'to' names nobody") }
    return found
  }

  mutating func mailAddress(_ entry: YAMLNode.Entry, _ what: String) -> String? {
    guard let text = entry.value.text, MailAddress.isValid(text) else {
      refuse(entry, "\(what) must be a plain mail address")
      return nil
    }
    return text
  }
}
