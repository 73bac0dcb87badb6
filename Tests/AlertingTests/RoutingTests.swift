import Testing

@testable import Alerting

@Suite("Matchers and routes")
struct RoutingTests {
  @Test(
    arguments: [
      ("severity=critical", true), ("severity=\"critical\"", true),
      ("severity = \"warning\"", false),
      ("severity!=critical", false), ("severity!=warning", true), ("severity=~\"crit.*|x\"", true),
      ("severity=~crit", false), ("severity!~\"crit\"", true), ("severity!~\"crit.*\"", false),
      ("absent=\"\"", true), ("absent!=\"\"", false), ("absent=~\".*\"", true),
      ("absent=~\".+\"", false), ("absent!=x", true), ("  segment = big customers ", true),
      ("quoted=\"a \\\"b\\\" \\\\ c\"", true), ("metric=~\"api\\.calls\"", true), ("empty=", true),
    ] as [(String, Bool)])
  func `a matcher reads as Alertmanager's do`(text: String, expected: Bool) throws {
    let labels = [
      "severity": "critical", "segment": "big customers", "quoted": "a \"b\" \\ c",
      "metric": "api.calls", "empty": "",
    ]
    let matcher = try Matcher(parsing: text)
    #expect(matcher.matches(labels) == expected)
    // What it prints as is read as the same matcher.
    #expect(try Matcher(parsing: matcher.description) == matcher)
  }

  @Test(arguments: [
    "", "severity", "=critical", "1a=b", "a b=c", "a=\"b", "a=\"b\"c", "a=b\"c", "a=~\"(\"", "a>b",
    "a={b}", "ä=b",
  ])
  func `what is not a matcher is refused`(text: String) {
    #expect(throws: AlertingError.self) { try Matcher(parsing: text) }
  }

  private static let receivers: Set<String> = ["default", "owner", "pager", "finance", "audit"]

  private func tree() throws -> RouteTree {
    let critical = try Matcher(parsing: "severity=critical")
    let enterprise = try Matcher(parsing: "segment=enterprise")
    let revenue = try Matcher(parsing: "metric=~\"revenue.*\"")
    return try RouteTree(
      root: Route(
        receiver: "default",
        children: [
          Route(receiver: "audit", matchers: [enterprise], continues: true),
          Route(
            receiver: "owner", matchers: [enterprise],
            children: [
              Route(receiver: "pager", matchers: [critical], continues: true),
              Route(
                matchers: [revenue], children: [Route(receiver: "finance", matchers: [critical])]),
            ]),
          Route(receiver: "pager", matchers: [critical]),
        ]), names: RouteNames(receivers: Self.receivers))
  }

  @Test(
    arguments: [
      ([:], ["default"]), (["severity": "critical"], ["pager"]),
      (["segment": "enterprise"], ["audit", "owner"]),
      (["segment": "enterprise", "severity": "critical"], ["audit", "pager"]),
      // The branch without a receiver of its own has its parent's.
      (["segment": "enterprise", "metric": "revenue_eu"], ["audit", "owner"]),
      (
        ["segment": "enterprise", "metric": "revenue_eu", "severity": "critical"],
        ["audit", "pager", "finance"]
      ),
      (["metric": "revenue_eu"], ["default"]),
    ] as [([String: String], [String])])
  func `labels come to the receivers that Alertmanager would choose`(
    labels: [String: String], receivers: [String]
  ) throws {
    #expect(try tree().matches(labels).map(\.receiver) == receivers)
  }

  @Test func `a path says which branches were taken`() throws {
    let found = try tree().matches(["segment": "enterprise", "severity": "critical"])
    #expect(
      found.last?.path == "{}/{segment=\"enterprise\"}/1/{severity=\"critical\"}/0")
  }

  @Test func `a root that could refuse is refused`() throws {
    let matcher = try Matcher(parsing: "a=b")
    for root in [
      Route(), Route(receiver: "default", matchers: [matcher]),
      Route(receiver: "default", continues: true),
    ] {
      #expect(throws: AlertingError.self) {
        try RouteTree(root: root, names: RouteNames(receivers: Self.receivers))
      }
    }
  }

  @Test func `a receiver that does not exist is named`() {
    let root = Route(receiver: "default", children: [Route(receiver: "nobody")])
    let error = AlertingError(
      .unknownReceiver, "route {}/{}/0 names receiver 'nobody', which does not exist")
    #expect(throws: error) {
      try RouteTree(root: root, names: RouteNames(receivers: Self.receivers))
    }
  }

  /// The rules once more, told another way: a list of all leaves with the branches before them.
  private func model(_ route: Route, _ labels: Labels, _ inherited: String?) -> [String]? {
    guard !route.matchers.contains(where: { !$0.matches(labels) }) else { return nil }
    let own = route.receiver ?? inherited
    var told: [String] = []
    var isOpen = true
    for child in route.children where isOpen {
      guard let below = model(child, labels, own) else { continue }
      told += below
      isOpen = child.continues
    }
    return told.isEmpty ? own.map { [$0] } ?? [] : told
  }

  @Test func `2,000 random trees route as a second description of the rules does`() throws {
    var random = SeededGenerator(seed: 0x7464_6d31)
    for _ in 0..<2_000 {
      let root = try Self.branch(depth: 0, &random)
      let tree = try RouteTree(root: root, names: RouteNames(receivers: Self.receivers))
      let labels = Dictionary(
        uniqueKeysWithValues: ["a", "b", "c"].map {
          ($0, ["", "x", "y"].randomElement(using: &random) ?? "")
        })
      #expect(tree.matches(labels).map(\.receiver) == model(root, labels, nil))
    }
  }

  private static func branch(depth: Int, _ random: inout SeededGenerator) throws -> Route {
    let operations = ["=", "!=", "=~", "!~"]
    var matchers: [Matcher] = []
    if depth > 0 {
      for name in ["a", "b", "c"] where Bool.random(using: &random) && Bool.random(using: &random) {
        let operation = operations.randomElement(using: &random) ?? "="
        let value = ["x", "y", "\"\""].randomElement(using: &random) ?? "x"
        matchers.append(try Matcher(parsing: "\(name)\(operation)\(value)"))
      }
    }
    let count = depth < 3 ? Int.random(in: 0...3, using: &random) : 0
    return Route(
      receiver: depth == 0 || Bool.random(using: &random)
        ? receivers.sorted().randomElement(using: &random) : nil,
      matchers: matchers, continues: depth > 0 && Bool.random(using: &random),
      children: try (0..<count).map { _ in try branch(depth: depth + 1, &random) })
  }
}

/// A generator whose numbers are the same in every run.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return word ^ (word >> 31)
  }
}
