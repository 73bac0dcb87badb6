import Testing

@testable import Alerting

@Suite("Inhibition")
struct InhibitionTests {
  private func rule(
    _ source: [String], _ target: [String], equal: [String] = [],
    scope: InhibitionRule.Scope = .everywhere, minimumSources: Int = 1, name: String = "r"
  ) throws -> InhibitionRule {
    try InhibitionRule(
      name: name, sourceMatchers: source.map { try Matcher(parsing: $0) },
      targetMatchers: target.map { try Matcher(parsing: $0) }, equal: equal, scope: scope,
      minimumSources: minimumSources)
  }

  private func reference(_ id: UInt64) -> AnomalyReference { AnomalyReference(high: 0, low: id) }

  private func firing(_ id: UInt64, _ labels: Labels) -> FiringAnomaly {
    FiringAnomaly(id: reference(id), labels: labels)
  }

  private func inhibitors(
    _ inhibitor: Inhibitor, of id: UInt64, _ labels: Labels, receiver: String = "mail",
    route: String = "{}"
  ) -> [UInt64] {
    inhibitor.inhibitors(of: reference(id), labels: labels, receiver: receiver, route: route)
      .map(\.low)
  }

  @Test func `a source inhibits targets that agree in the equal labels`() throws {
    let inhibitor = Inhibitor(
      firing: [
        firing(1, ["severity": "critical", "customer": "a"]),
        firing(2, ["severity": "critical", "customer": "b"]),
      ],
      rules: [try rule(["severity=critical"], ["severity=warning"], equal: ["customer"])])
    #expect(inhibitors(inhibitor, of: 3, ["severity": "warning", "customer": "a"]) == [1])
    #expect(inhibitors(inhibitor, of: 3, ["severity": "warning", "customer": "c"]) == [])
    #expect(inhibitors(inhibitor, of: 3, ["severity": "info", "customer": "a"]) == [])
  }

  @Test func `a label that is missing in both, or empty in one, is equal`() throws {
    let inhibitor = Inhibitor(
      firing: [firing(1, ["severity": "critical"])],
      rules: [try rule(["severity=critical"], ["severity=warning"], equal: ["region", "segment"])])
    #expect(inhibitors(inhibitor, of: 2, ["severity": "warning"]) == [1])
    #expect(inhibitors(inhibitor, of: 2, ["severity": "warning", "region": ""]) == [1])
    #expect(inhibitors(inhibitor, of: 2, ["severity": "warning", "region": "EU"]) == [])
  }

  @Test func `what matches both sides inhibits neither itself nor another such one`() throws {
    let both: Labels = ["type": "drop", "severity": "critical"]
    let source: Labels = ["type": "drop", "severity": "warning"]
    let rules = [try rule(["type=drop"], ["severity=critical"])]
    let twoSided = Inhibitor(firing: [firing(1, both), firing(2, both)], rules: rules)
    #expect(inhibitors(twoSided, of: 1, both) == [])
    // It does inhibit what is a target only, and a source that is no target inhibits it.
    #expect(inhibitors(twoSided, of: 3, ["severity": "critical"]) == [1, 2])
    let withSource = Inhibitor(firing: [firing(1, both), firing(9, source)], rules: rules)
    #expect(inhibitors(withSource, of: 1, both) == [9])
    #expect(inhibitors(withSource, of: 9, source) == [])
  }

  @Test func `a platform's event is a source like any other`() throws {
    let inhibitor = Inhibitor(
      firing: [firing(1, ["scope": "cohort", "metric": "api_calls", "segment": "smb"])],
      rules: [try rule(["scope=cohort"], ["scope=\"\""], equal: ["metric", "segment"])])
    #expect(
      inhibitors(inhibitor, of: 2, ["metric": "api_calls", "segment": "smb", "customer": "x"])
        == [1])
    #expect(inhibitors(inhibitor, of: 2, ["metric": "logins", "segment": "smb"]) == [])
  }

  @Test func `a rule holds for its receiver, or for its route and those below`() throws {
    let source = [firing(1, ["a": "s"])]
    let target: Labels = ["a": "t"]
    let receiver = Inhibitor(
      firing: source, rules: [try rule(["a=s"], ["a=t"], scope: .receiver("pager"))])
    #expect(inhibitors(receiver, of: 2, target, receiver: "pager") == [1])
    #expect(inhibitors(receiver, of: 2, target, receiver: "mail") == [])
    let route = Inhibitor(
      firing: source, rules: [try rule(["a=s"], ["a=t"], scope: .route("{}/{b=\"c\"}/1"))])
    #expect(inhibitors(route, of: 2, target, route: "{}/{b=\"c\"}/1") == [1])
    #expect(inhibitors(route, of: 2, target, route: "{}/{b=\"c\"}/1/{}/0") == [1])
    #expect(inhibitors(route, of: 2, target, route: "{}/{b=\"c\"}/10") == [])
    #expect(inhibitors(route, of: 2, target, route: "{}") == [])
  }

  @Test func `a rule can ask for several sources, none of which is the target`() throws {
    let rules = [try rule(["a=s"], ["b=t"], equal: ["c"], minimumSources: 3)]
    let sources = (1...3).map { firing(UInt64($0), ["a": "s", "c": "x"]) }
    let target: Labels = ["b": "t", "c": "x"]
    #expect(inhibitors(Inhibitor(firing: sources, rules: rules), of: 9, target) == [1, 2, 3])
    #expect(
      inhibitors(Inhibitor(firing: Array(sources.dropLast()), rules: rules), of: 9, target) == [])
    // One that came twice is one.
    let twice = Inhibitor(firing: sources.dropLast() + [sources[0]], rules: rules)
    #expect(inhibitors(twice, of: 9, target) == [])
    #expect(inhibitors(Inhibitor(firing: sources, rules: rules), of: 3, target) == [])
  }

  @Test func `each rule that inhibits is named, and an anomaly is listed once`() throws {
    let inhibitor = Inhibitor(
      firing: [firing(1, ["a": "s"])],
      rules: [
        try rule(["a=s"], ["a=t"], name: "first"), try rule(["a=x"], ["a=t"], name: "second"),
        try rule(["a=~\"s|x\""], ["a=t"], name: "third"),
      ])
    let found = inhibitor.inhibitions(
      of: reference(2), labels: ["a": "t"], receiver: "mail", route: "{}")
    #expect(found.map(\.rule) == ["first", "third"])
    #expect(inhibitors(inhibitor, of: 2, ["a": "t"]) == [1])
  }

  @Test func `a rule that could not be applied is refused by its name`() throws {
    for make in [
      { try self.rule(["a=b"], ["c=d"], minimumSources: 0) }, { try self.rule([], []) },
      { try self.rule(["a=b"], ["c=d"], equal: ["x", "x"]) },
      { try self.rule(["a=b"], ["c=d"], name: "") },
    ] {
      let error = #expect(throws: AlertingError.self) { try make() }
      #expect(error?.code == .badInhibition)
    }
  }

  /// The rules told once more, each pair looked at.
  private func model(
    _ rules: [InhibitionRule], _ firing: [FiringAnomaly], _ target: FiringAnomaly
  ) -> Bool {
    rules.contains { rule in
      guard rule.targetMatchers.allSatisfy({ $0.matches(target.labels) }) else { return false }
      let isBoth = rule.sourceMatchers.allSatisfy { $0.matches(target.labels) }
      let sources = firing.filter { source in
        source.id != target.id && rule.sourceMatchers.allSatisfy { $0.matches(source.labels) }
          && !rule.equal.contains { (source.labels[$0] ?? "") != (target.labels[$0] ?? "") }
          && !(isBoth && rule.targetMatchers.allSatisfy { $0.matches(source.labels) })
      }
      return sources.count >= rule.minimumSources
    }
  }

  @Test func `random rules inhibit as a comparison of all pairs does`() throws {
    var random = SeededGenerator(seed: 0x696e_6869)
    for _ in 0..<60 {
      func labels() -> Labels {
        var labels: Labels = [:]
        for name in ["a", "b", "c"] {
          let value = ["", "x", "y", nil].randomElement(using: &random) ?? nil
          if let value { labels[name] = value }
        }
        return labels
      }
      func matchers() throws -> [String] {
        ["a", "b", "c"].filter { _ in Int.random(in: 0..<5, using: &random) < 2 }.map {
          $0 + (["=x", "=y", "!=x", "=\"\""].randomElement(using: &random) ?? "=x")
        }
      }
      let rules = try (0..<2).map { _ in
        try rule(
          matchers(), matchers() + ["d=\"\""],
          equal: ["a", "b", "c"].filter { _ in Bool.random(using: &random) },
          minimumSources: Int.random(in: 1...3, using: &random))
      }
      let all = (0..<25).map { firing(UInt64($0), labels()) }
      let inhibitor = Inhibitor(firing: all, rules: rules)
      for anomaly in all {
        let found = inhibitors(inhibitor, of: anomaly.id.low, anomaly.labels)
        #expect(found.isEmpty == !model(rules, all, anomaly))
        #expect(!found.contains(anomaly.id.low))
      }
    }
  }

  @Test func `ten thousand sources that agree list a few, always the same`() throws {
    let rules = [try rule(["a=s"], ["b=t"])]
    let sources = (0..<10_000).map { firing(UInt64($0), ["a": "s"]) }
    let forward = Inhibitor(firing: sources, rules: rules)
    let backward = Inhibitor(firing: sources.reversed(), rules: rules)
    for id in stride(from: UInt64(0), to: 10_000, by: 100) {
      let listed = inhibitors(forward, of: id, ["b": "t"])
      #expect(listed.count == Inhibitor.listedSourcesLimit)
      #expect(listed == inhibitors(backward, of: id, ["b": "t"]))
    }
  }
}
