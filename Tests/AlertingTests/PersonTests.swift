import SeriesModel
import Testing

@testable import Alerting

@Suite("People")
struct PersonTests {
  /// Quiet from 22:00 to 07:00 and at weekends, by Berlin's clock.
  private func quiet() throws -> TimeSchedule {
    let zone = try ZoneFixture.berlin()
    return TimeSchedule(
      name: "quiet",
      spans: [
        try TimeSpan(parsingTimes: [("22:00", "24:00"), ("00:00", "07:00")], zone: zone),
        try TimeSpan(parsingTimes: [], weekdays: ["saturday", "sunday"], zone: zone),
      ])
  }

  private func person(
    _ name: String = "Ada", roles: [String] = [], email: String? = nil,
    quietHours: TimeSchedule? = nil, hasDigest: Bool = false, overrides: Bool = true,
    portfolioOnly: Bool = false
  ) throws -> Person {
    try Person(
      name: name, roles: roles, email: email, zone: ZoneFixture.berlin(),
      channels: ["slack", "mail"], quietHours: quietHours,
      digest: hasDigest ? DigestSchedule(at: "08:00", zone: ZoneFixture.berlin()) : nil,
      criticalOverridesQuietHours: overrides, portfolioOnly: portfolioOnly)
  }

  private let send = PersonChoice.send(["slack", "mail"])

  /// A moment of summer time, in microseconds.
  private func moment(_ text: String) throws -> Int64 {
    try seconds(text, offsetMinutes: 120) * 1_000_000
  }

  @Test func `outside quiet hours all is sent by the channels in their order`() throws {
    let person = try person(quietHours: quiet())
    // 2026-05-07 is a Thursday.
    for severity in NoticeSeverity.allCases {
      #expect(
        try person.choice(for: severity, isPage: false, at: moment("2026-05-07 12:00")) == send)
    }
  }

  @Test func `in quiet hours what is not critical waits for their end`() throws {
    let person = try person(quietHours: quiet())
    let night = try moment("2026-05-07 22:00")
    let morning = try PersonChoice.hold(until: moment("2026-05-08 07:00"))
    #expect(person.choice(for: .warning, isPage: false, at: night) == morning)
    #expect(person.choice(for: .warning, isPage: true, at: night) == morning)
    #expect(person.choice(for: .critical, isPage: true, at: night) == send)
    #expect(person.choice(for: .warning, isPage: false, at: night - 1) == send)
    // Friday's night goes over into the weekend and Monday's morning.
    #expect(
      try person.choice(for: .warning, isPage: false, at: moment("2026-05-08 23:00"))
        == .hold(until: moment("2026-05-11 07:00")))
  }

  @Test func `when the waiting is over the thing is sent`() throws {
    let person = try person(quietHours: quiet())
    let night = try moment("2026-05-07 23:00")
    guard case .hold(let end) = person.choice(for: .warning, isPage: false, at: night) else {
      return #expect(Bool(false), "not held")
    }
    #expect(person.choice(for: .warning, isPage: false, at: end) == send)
    #expect(person.choice(for: .warning, isPage: false, at: end - 1) == .hold(until: end))
  }

  @Test func `who wants to sleep through critical things does`() throws {
    let person = try person(quietHours: quiet(), overrides: false)
    #expect(
      try person.choice(for: .critical, isPage: true, at: moment("2026-05-07 23:00"))
        == .hold(until: moment("2026-05-08 07:00")))
  }

  @Test func `what is mild goes into the digest of whoever has one, unless it pages`() throws {
    let person = try person(quietHours: quiet(), hasDigest: true)
    let noon = try moment("2026-05-07 12:00")
    #expect(person.choice(for: .info, isPage: false, at: noon) == .digest)
    #expect(person.choice(for: .info, isPage: true, at: noon) == send)
    #expect(person.choice(for: .warning, isPage: false, at: noon) == send)
    #expect(try person.choice(for: .info, isPage: false, at: moment("2026-05-07 23:00")) == .digest)
  }

  @Test func `quiet hours without an end lose nothing`() throws {
    let always = TimeSchedule(name: "always", spans: [TimeSpan()])
    #expect(try person(quietHours: always).choice(for: .warning, isPage: false, at: 0) == send)
    #expect(
      try person(quietHours: always, hasDigest: true).choice(for: .warning, isPage: false, at: 0)
        == .digest)
  }

  @Test func `an owner is found by name, mail address or role`() throws {
    let ada = try person("Ada", roles: ["cs_manager"], email: "Ada@Example.org")
    let bob = try person("Bob", roles: ["cs_manager", "finance", "finance"])
    let directory = try Directory([ada, bob])
    #expect(directory.person(named: "Ada") == ada)
    #expect(directory.person(named: "ada") == nil)
    #expect(directory.person(email: "ada@EXAMPLE.org") == ada)
    #expect(directory.people(role: "cs_manager") == [ada, bob])
    #expect(directory.people(role: "finance") == [bob])
    #expect(directory.people(owner: "ada@example.org") == [ada])
    #expect(directory.people(owner: "Bob") == [bob])
    #expect(directory.people(owner: "cs_manager") == [ada, bob])
    #expect(directory.people(owner: "nobody") == [])
    #expect(directory.people(owner: "") == [])
  }

  @Test func `a portfolio is what has the person for an owner`() throws {
    let ada = try person("Ada", roles: ["west"], email: "a@b.c", portfolioOnly: true)
    for owner in ["Ada", "A@b.c", "west"] { #expect(ada.wants(owner: owner), "\(owner)") }
    for owner in ["Bob", "", "ada"] { #expect(!ada.wants(owner: owner), "\(owner)") }
    #expect(try person("Bob").wants(owner: "Ada"))
  }

  @Test func `two people who could not be told apart are refused`() throws {
    for (people, words) in [
      ([try person("Ada"), try person("Ada")], "the name 'Ada'"),
      ([try person("Ada", email: "x@y"), try person("Bob", email: "X@Y")], "'Ada' and 'Bob'"),
      (
        [try person("finance"), try person("Bob", roles: ["finance"])], "'finance' is a person and"
      ),
    ] {
      let error = #expect(throws: AlertingError.self) { try Directory(people) }
      #expect(error?.code == .badPerson)
      #expect(error?.detail.contains(words) == true, "\(error?.detail ?? "")")
    }
  }

  @Test func `a person without a name, a channel or a real address is refused`() {
    for make in [
      { try Person(name: "", channels: ["a"]) }, { try Person(name: "x", channels: []) },
      { try Person(name: "x", channels: ["a", "a"]) },
      { try Person(name: "x", roles: [""], channels: ["a"]) },
      { try Person(name: "x", email: "nowhere", channels: ["a"]) },
    ] {
      let error = #expect(throws: AlertingError.self) { try make() }
      #expect(error?.code == .badPerson)
    }
  }
}
