import Testing

@testable import Alerting

@Suite("Silences")
struct SilenceTests {
  static let critical: Labels = ["severity": "critical", "customer": "c-81"]

  private func silence(
    _ matchers: [[String]] = [["severity=critical"]], from start: Int64 = 1_000,
    to end: Int64 = 2_000,
    createdAt: Int64 = 1_000, createdBy: String = "ada"
  ) throws -> Silence {
    Silence(
      id: SilenceID(high: 1, low: 2),
      matchers: try matchers.map { try $0.map { try Matcher(parsing: $0) } }, createdBy: createdBy,
      comment: "known", startsAt: start * 1_000_000, endsAt: end * 1_000_000,
      createdAt: createdAt * 1_000_000)
  }

  @Test(
    arguments: [
      (999_999_999, .pending), (1_000_000_000, .active), (1_999_999_999, .active),
      (2_000_000_000, .expired),
    ] as [(Int64, SilenceState)])
  func `a silence hides from its start on and no longer at its end`(
    now: Int64, state: SilenceState
  ) throws {
    #expect(try silence().state(at: now) == state)
    #expect(try silence().covers(Self.critical, at: now) == (state == .active))
  }

  @Test func `one list of matchers is enough, all matchers of a list are needed`() throws {
    let silence = try silence([["severity=critical", "customer=c-1"], ["customer=c-81"]])
    #expect(silence.covers(["customer": "c-81"], at: 1_500_000_000))
    #expect(silence.covers(["customer": "c-1", "severity": "critical"], at: 1_500_000_000))
    #expect(!silence.covers(["customer": "c-1", "severity": "warning"], at: 1_500_000_000))
    #expect(!silence.covers([:], at: 1_500_000_000))
  }

  @Test(arguments: [
    ([], "lists of matchers"), ([[]], "{} would hide everything"),
    ([["a=\"\""]], "{a=\"\"} would hide everything"), ([["a=~\".*\""]], "would hide everything"),
    ([["a!=x", "b!~\"y+\""]], "{a!=\"x\",b!~\"y+\"} would hide everything"),
    // The second list would hide all that the first does not.
    ([["a=x"], ["b!=y"]], "{b!=\"y\"} would hide everything"),
  ])
  func `a silence of everything is refused by its matchers`(
    matchers: [[String]], words: String
  ) throws {
    let error = #expect(throws: AlertingError.self) {
      try silence(matchers).check(at: 1_000_000_000)
    }
    #expect(error?.code == .badSilence)
    #expect(error?.detail.contains(words) == true, "\(error?.detail ?? "")")
  }

  @Test func `a silence that ends before it begins, in the past or too late is refused`() throws {
    try silence().check(at: 1_000_000_000, maximumSeconds: 1_000)
    for (silence, words) in [
      (try silence(from: 2_000), "before it begins"),
      (try silence(from: 500, to: 1_000), "in the past"),
      (try silence(to: 2_001), "lasts 1001 s: 1000 s are allowed"),
      (try silence(createdBy: ""), "no owner"),
    ] {
      let error = #expect(throws: AlertingError.self) {
        try silence.check(at: 1_000_000_000, maximumSeconds: 1_000)
      }
      #expect(error?.detail.contains(words) == true, "\(error?.detail ?? "")")
    }
    // What lies before it was made does not count, and without a limit it may last.
    try silence(from: 0).check(at: 1_000_000_000, maximumSeconds: 1_000)
    try silence(to: 9_000_000).check(at: 1_000_000_000)
  }

  @Test func `sizes have limits`() throws {
    var long = try silence()
    long.comment = String(repeating: "x", count: Silence.commentBytesLimit)
    try long.check(at: 1_000_000_000)
    long.comment += "x"
    let lists = [[String]](repeating: ["a=b"], count: Silence.matcherSetsLimit + 1)
    let conditions = [String](repeating: "a=b", count: Silence.matchersLimit + 1)
    for refused in [long, try silence(lists), try silence([conditions])] {
      #expect(throws: AlertingError.self) { try refused.check(at: 1_000_000_000) }
    }
  }

  /// What is asked of a silence from 1,000 to 2,000 s, when, and whether it keeps its id.
  @Test(
    arguments: [
      // Active: same start, any end to come.
      (1_500, 1_000, 1_800, true), (1_500, 1_000, 3_000, true), (1_500, 1_001, 1_800, false),
      // Pending: any start to come.
      (500, 700, 1_800, true), (500, 500, 1_800, true), (500, 400, 1_800, false),
      // Expired: never.
      (2_000, 1_000, 3_000, false), (2_500, 3_000, 4_000, false),
    ] as [(Int64, Int64, Int64, Bool)])
  func `a change that keeps the past true is made in place, any other makes a new silence`(
    now: Int64, start: Int64, end: Int64, isInPlace: Bool
  ) throws {
    let old = try silence(createdAt: 100)
    let wanted = try silence(from: start, to: end, createdBy: "bob")
    let id = SilenceID(high: 7, low: 7)
    switch try old.change(to: wanted, newID: id, at: now * 1_000_000) {
    case .inPlace(let changed):
      #expect(isInPlace)
      #expect(changed.id == old.id && changed.createdAt == old.createdAt)
      #expect(changed.createdBy == "bob" && changed.updatedAt == now * 1_000_000)
      #expect(changed.startsAt == start * 1_000_000 && changed.endsAt == end * 1_000_000)
    case .replace(let expired, let new):
      #expect(!isInPlace)
      #expect(new.id == id && new.createdAt == now * 1_000_000 && new.lastMatchedAt == nil)
      #expect(new.startsAt == max(start, now) * 1_000_000 && new.endsAt == end * 1_000_000)
      #expect(expired?.state(at: now * 1_000_000) == (now < 2_000 ? .expired : nil))
    }
  }

  @Test func `other matchers make a new silence, the same in another order do not`() throws {
    let old = try silence([["a=b", "c=d"], ["e=f"]])
    let now: Int64 = 1_500_000_000
    let id = SilenceID(high: 7, low: 7)
    let same = try old.change(to: silence([["e=f"], ["c=d", "a=b"]]), newID: id, at: now)
    guard case .inPlace = same else { return #expect(Bool(false), "\(same)") }
    let other = try old.change(to: silence([["a=b", "c=d"]]), newID: id, at: now)
    guard case .replace(let expired?, let new) = other else {
      return #expect(Bool(false), "\(other)")
    }
    #expect(expired.endsAt == now && expired.startsAt == old.startsAt)
    #expect(new.startsAt == now)
  }

  @Test func `a change that must not be made changes nothing`() throws {
    let old = try silence()
    for wanted in [
      try silence(to: 1_400), try silence([["a=\"\""]]), try silence(to: 9_000),
      try silence([["a=b"]], to: 9_000),
    ] {
      #expect(throws: AlertingError.self) {
        try old.change(
          to: wanted, newID: SilenceID(high: 7, low: 7), at: 1_500_000_000, maximumSeconds: 2_000)
      }
    }
  }

  @Test func `a start read back in whole seconds is the same start`() throws {
    var old = try silence()
    old.startsAt += 123_456
    let change = try old.change(
      to: silence(to: 3_000), newID: SilenceID(high: 7, low: 7), at: 1_500_000_000)
    guard case .inPlace(let changed) = change else { return #expect(Bool(false), "\(change)") }
    #expect(changed.startsAt == old.startsAt)
  }

  @Test func `no change alters what was hidden before it`() throws {
    var random = SeededGenerator(seed: 0x7369_6c65)
    for _ in 0..<200 {
      func span() -> (Int64, Int64) {
        let start = Int64.random(in: 0..<20, using: &random)
        return (start, start + Int64.random(in: 1..<15, using: &random))
      }
      let (start, end) = span()
      let (wantedStart, wantedEnd) = span()
      let old = try silence(from: start, to: end, createdAt: 0)
      let wanted = try silence(from: wantedStart, to: wantedEnd)
      let now = Int64.random(in: 0..<wantedEnd, using: &random) * 1_000_000
      let change = try old.change(to: wanted, newID: SilenceID(high: 7, low: 7), at: now)
      let after: [Silence] =
        switch change {
        case .inPlace(let changed): [changed]
        case .replace(let expired, let new): [expired ?? old, new]
        }
      let wrong = (0..<Int64(40)).map { $0 * 1_000_000 }.filter { moment in
        let expected = (moment < now ? old : wanted).covers(Self.critical, at: moment)
        return after.contains { $0.covers(Self.critical, at: moment) } != expected
      }
      #expect(wrong == [], "\(start)-\(end) to \(wantedStart)-\(wantedEnd) at \(now)")
    }
  }

  @Test func `an end is made once`() throws {
    var active = try silence()
    active.expire(at: 1_500_000_000)
    #expect(active.endsAt == 1_500_000_000 && active.state(at: 1_500_000_000) == .expired)
    var again = active
    again.expire(at: 1_700_000_000)
    #expect(again == active)
    var pending = try silence()
    pending.expire(at: 500_000_000)
    #expect(pending.state(at: 500_000_000) == .expired)
    #expect(pending.state(at: 1_500_000_000) == .expired)
  }

  @Test func `an owner is reminded once of an end, and again of a new one`() throws {
    var silence = try silence()
    let before: Int64 = 100_000_000
    #expect(!silence.reminderDue(at: 1_899_999_999, before: before))
    #expect(silence.reminderDue(at: 1_900_000_000, before: before))
    #expect(!silence.reminderDue(at: 2_000_000_000, before: before))
    // It is shorter than that from the start.
    #expect(!silence.reminderDue(at: 1_900_000_000, before: 1_000_000_000))
    silence.reminderSent = true
    #expect(!silence.reminderDue(at: 1_900_000_000, before: before))
    let change = try silence.change(
      to: self.silence(to: 3_000), newID: SilenceID(high: 7, low: 7), at: 1_950_000_000)
    guard case .inPlace(let longer) = change else { return #expect(Bool(false), "\(change)") }
    #expect(longer.reminderDue(at: 2_900_000_000, before: before))
  }

  @Test func `a silence that hides nothing is unused, counted from its last use`() throws {
    var silence = try silence()
    let after: Int64 = 100_000_000
    #expect(!silence.isUnused(at: 1_099_999_999, after: after))
    #expect(silence.isUnused(at: 1_100_000_000, after: after))
    silence.lastMatchedAt = 1_050_000_000
    #expect(!silence.isUnused(at: 1_100_000_000, after: after))
    #expect(silence.isUnused(at: 1_150_000_000, after: after))
    silence.updatedAt = 1_100_000_000
    #expect(!silence.isUnused(at: 1_150_000_000, after: after))
    #expect(!silence.isUnused(at: 2_000_000_000, after: after))
  }

  @Test func `a preview counts what would be hidden now and in seven days`() throws {
    let silence = try silence(from: 5_000_000, to: 6_000_000)
    let now: Int64 = 1_000_000_000_000
    let week: Int64 = 7 * 86_400_000_000
    func notice(
      _ id: UInt64, at: Int64, firing: Bool = false, severity: String = "critical"
    ) -> PreviewedNotice {
      PreviewedNotice(
        anomaly: AnomalyReference(high: 0, low: id), labels: ["severity": severity], at: at,
        isFiring: firing)
    }
    let result = preview(
      silence,
      over: [
        notice(1, at: now - week - 1), notice(2, at: now - week), notice(2, at: now),
        notice(3, at: now - 5, firing: true), notice(3, at: now - 4, firing: true),
        notice(4, at: now - 5, firing: true, severity: "info"),
        notice(5, at: now - week - 1, firing: true), notice(6, at: now + 1),
      ], at: now)
    #expect(result.now.map(\.low) == [3, 5])
    #expect(result.past.map(\.low) == [2, 3])
    #expect(result.pastNotices == 4 && result.pastNoticesInAll == 5)
  }
}
