import SeriesModel
import Testing

@testable import Alerting

extension AnomalyReference {
  static func number(_ number: UInt64) -> AnomalyReference {
    AnomalyReference(high: 7, low: number)
  }
}

extension Notice {
  /// A change of the anomaly of that number.
  static func numbered(
    _ number: UInt64, _ kind: NoticeKind = .opened, severity: NoticeSeverity = .warning,
    intent: NoticeIntent = .risk, type: String = "drop", state: String = "open",
    customer: UInt64 = 1, actual: Double = 15_000
  ) -> Notice {
    var notice = Notice.fixture(kind: kind, severity: severity, intent: intent, actual: actual)
    notice.anomaly = .number(number)
    notice.customer.id = CustomerID(high: 9, low: customer)
    notice.customer.externalID = "c-\(customer)"
    notice.type = type
    notice.state = state
    return notice
  }
}

@Suite("What a flush of a group tells")
struct GroupFlushTests {
  private static let minute: Int64 = 60_000_000
  private static let policy = RoutePolicy(receiver: "owner")

  private func group(
    _ notices: [Notice], rules: ReceiverRules = ReceiverRules(incidentScope: .group),
    policy: RoutePolicy = policy
  ) -> NotificationGroup {
    NotificationGroup(
      policy: policy, rules: rules,
      members: notices.map { GroupMember(notice: $0, joinedUnixMicroseconds: 0) })
  }

  /// Carries a flush out, as if all its messages were sent.
  @discardableResult
  private func carryOut(
    _ group: inout NotificationGroup, at now: Int64,
    verdict: (GroupMember) -> FlushVerdict = { _ in .tell }
  ) -> GroupFlush {
    let flush = group.flush(at: now, verdict: verdict)
    for message in flush.messages { group.apply(message, at: now) }
    group.settle(flush)
    return flush
  }

  private func change(_ group: inout NotificationGroup, _ notice: Notice) {
    guard let place = group.members.firstIndex(where: { $0.notice.anomaly == notice.anomaly })
    else {
      group.members.append(GroupMember(notice: notice, joinedUnixMicroseconds: 0))
      return
    }
    group.members[place].notice = notice
  }

  @Test func `a first message speaks of all, the worst first`() throws {
    var group = group([
      .numbered(1), .numbered(2, severity: .critical), .numbered(3, actual: 1_000),
    ])
    let flush = carryOut(&group, at: 0)
    let message = try #require(flush.messages.first)
    #expect(flush.messages.count == 1)
    #expect(message.reason == .first && message.action == .trigger && message.interrupts)
    #expect(message.items == [.number(2), .number(3), .number(1)])
    // Nothing changes: the next word is due at the repeat, on the group's beat.
    #expect(flush.nextUnixMicroseconds == 240 * Self.minute)
  }

  @Test func `nothing new is told again only after the repeat interval`() {
    var group = group([.numbered(1)])
    carryOut(&group, at: 0)
    #expect(carryOut(&group, at: 239 * Self.minute).messages.isEmpty)
    #expect(carryOut(&group, at: 240 * Self.minute).messages.map(\.reason) == [.repeated])
    #expect(carryOut(&group, at: 241 * Self.minute).messages.isEmpty)
  }

  @Test func `what joins is told with the others, what is over too`() {
    var group = group([.numbered(1)])
    carryOut(&group, at: 0)
    change(&group, .numbered(2))
    let second = carryOut(&group, at: 5 * Self.minute).messages
    #expect(second.map(\.reason) == [.newInGroup])
    #expect(second.first?.items == [.number(1), .number(2)])
    change(&group, .numbered(1, .resolved))
    let third = carryOut(&group, at: 10 * Self.minute).messages
    #expect(third.map(\.reason) == [.someResolved] && third.map(\.action) == [.trigger])
    #expect(third.first?.items == [.number(2), .number(1)] && third.first?.interrupts == false)
    change(&group, .numbered(2, .resolved))
    let last = carryOut(&group, at: 15 * Self.minute)
    #expect(last.messages.map(\.reason) == [.allResolved])
    #expect(last.messages.map(\.action) == [.resolve])
    #expect(group.members.isEmpty && last.nextUnixMicroseconds == nil)
  }

  @Test func `a new severity or type is news, a new figure is none`() {
    var group = group([.numbered(1)])
    carryOut(&group, at: 0)
    change(&group, .numbered(1, .changed, actual: 1))
    #expect(carryOut(&group, at: 5 * Self.minute).messages.isEmpty)
    change(&group, .numbered(1, .changed, severity: .critical))
    #expect(carryOut(&group, at: 10 * Self.minute).messages.map(\.reason) == [.newInGroup])
    change(&group, .numbered(1, .changed, severity: .critical, type: "level_down"))
    #expect(carryOut(&group, at: 15 * Self.minute).messages.map(\.reason) == [.newInGroup])
  }

  @Test func `a change that needs no word says why, once`() {
    var group = group([.numbered(1)], rules: ReceiverRules(wantsResolved: false))
    carryOut(&group, at: 0)
    #expect(group.flush(at: 1) { _ in .tell }.unsaid.isEmpty)
    var figure = Notice.numbered(1, .changed, actual: 1)
    figure.revision += 1
    change(&group, figure)
    #expect(carryOut(&group, at: 5 * Self.minute).unsaid == [.number(1): .nothingNew])
    #expect(carryOut(&group, at: 6 * Self.minute).unsaid.isEmpty)
    change(&group, .numbered(1, .resolved))
    #expect(carryOut(&group, at: 10 * Self.minute).unsaid == [.number(1): .resolveNotWanted])
  }

  @Test(arguments: [NoticeKind.resolved, .dismissed, .withdrawn])
  func `what is over before its group spoke is never told`(kind: NoticeKind) {
    var group = group([.numbered(1, kind)])
    let flush = carryOut(&group, at: 0)
    #expect(flush.messages.isEmpty && group.members.isEmpty)
    #expect(flush.standings[.number(1)]?.disposition == .dismissedBeforeSending)
  }

  @Test func `what is silenced is looked at again, and its end is told if its beginning was`() {
    var group = group([.numbered(1), .numbered(2)])
    let silence = Standing(.silenced, cause: "s1", until: 12 * Self.minute)
    let first = carryOut(&group, at: 0) {
      $0.notice.anomaly == .number(1) ? .suppress(silence) : .tell
    }
    #expect(first.messages.first?.items == [.number(2)])
    #expect(first.standings == [.number(1): silence])
    #expect(first.nextUnixMicroseconds == 15 * Self.minute)
    // The silence covers all by now: the end of the told one goes out all the same.
    change(&group, .numbered(2, .resolved))
    change(&group, .numbered(1, .resolved))
    let second = carryOut(&group, at: 5 * Self.minute) { _ in .suppress(silence) }
    #expect(second.messages.map(\.action) == [.resolve])
    #expect(second.messages.first?.items == [.number(2)])
    #expect(second.standings[.number(1)]?.disposition == .dismissedBeforeSending)
  }

  @Test func `the end of an incident goes out at night, that of a mail waits`() {
    let night = Standing(.muted, cause: "night", until: 60 * Self.minute)
    for holdsIncidents in [true, false] {
      var group = group(
        [.numbered(1)],
        rules: ReceiverRules(incidentScope: .anomaly, holdsIncidents: holdsIncidents))
      carryOut(&group, at: 0)
      change(&group, .numbered(1, .resolved))
      let flush = carryOut(&group, at: 5 * Self.minute) { _ in .suppress(night) }
      #expect(flush.messages.isEmpty != holdsIncidents)
      #expect(flush.nextUnixMicroseconds == (holdsIncidents ? nil : 60 * Self.minute))
    }
  }

  @Test func `what lasts behind a silence keeps its thread open`() {
    var group = group([.numbered(1), .numbered(2)])
    carryOut(&group, at: 0)
    change(&group, .numbered(2, .resolved))
    let flush = carryOut(&group, at: 5 * Self.minute) {
      $0.notice.anomaly == .number(1) ? .suppress(Standing(.silenced)) : .tell
    }
    #expect(flush.messages.map(\.reason) == [.someResolved])
    #expect(flush.messages.map(\.action) == [.trigger])
  }

  @Test func `a receiver that does not want ends is not told of them`() {
    var group = group(
      [.numbered(1)], rules: ReceiverRules(wantsResolved: false, incidentScope: .group))
    carryOut(&group, at: 0)
    change(&group, .numbered(1, .resolved))
    let flush = carryOut(&group, at: 5 * Self.minute)
    #expect(flush.messages.isEmpty && flush.settled[.number(1)]?.state == .over)
    #expect(group.members.isEmpty)
  }

  @Test func `good news never pages, and ends what it grew out of`() {
    let pager = ReceiverRules(pages: true, incidentScope: .anomaly, holdsIncidents: true)
    var group = group([.numbered(1, intent: .opportunity), .numbered(2)], rules: pager)
    let flush = carryOut(&group, at: 0)
    #expect(flush.messages.first?.items == [.number(2)] && flush.messages.count == 1)
    #expect(flush.standings[.number(1)]?.disposition == .withoutRoute)
    change(&group, .numbered(2, .changed, intent: .opportunity))
    #expect(carryOut(&group, at: 5 * Self.minute).messages.map(\.action) == [.resolve])
  }

  @Test func `who was told hears of a milder severity, who was not does not`() {
    let rules = ReceiverRules(minimumSeverity: .critical, incidentScope: .group)
    var group = group([.numbered(1, severity: .critical), .numbered(2)], rules: rules)
    #expect(carryOut(&group, at: 0).standings[.number(2)]?.disposition == .withoutRoute)
    change(&group, .numbered(1, .changed, severity: .info))
    #expect(carryOut(&group, at: 5 * Self.minute).messages.map(\.reason) == [.newInGroup])
  }

  @Test func `an acknowledgement is passed on to what holds an incident, and ends the repeats`() {
    let pager = ReceiverRules(pages: true, incidentScope: .anomaly, holdsIncidents: true)
    var group = group([.numbered(1)], rules: pager)
    carryOut(&group, at: 0)
    change(&group, .numbered(1, .changed, state: "acknowledged"))
    let flush = carryOut(&group, at: 5 * Self.minute)
    #expect(flush.messages.map(\.action) == [.acknowledge])
    #expect(flush.nextUnixMicroseconds == nil)
    #expect(carryOut(&group, at: 300 * Self.minute).messages.isEmpty)
    // Taken back, it is news again.
    change(&group, .numbered(1, .changed))
    #expect(carryOut(&group, at: 305 * Self.minute).messages.map(\.action) == [.trigger])
  }

  @Test func `what somebody took on before it was sent wakes nobody`() {
    let pager = ReceiverRules(pages: true, incidentScope: .anomaly, holdsIncidents: true)
    var group = group([.numbered(1, state: "acknowledged")], rules: pager)
    let flush = carryOut(&group, at: 0)
    #expect(flush.messages.isEmpty)
    #expect(flush.standings[.number(1)]?.disposition == .held)
  }

  @Test func `what went into a digest interrupts only when it gets worse`() {
    var group = group([.numbered(1)])
    let digest: (GroupMember) -> FlushVerdict = { $0.told == nil ? .digest("budget") : .tell }
    #expect(carryOut(&group, at: 0, verdict: digest).digested == [.number(1): "budget"])
    change(&group, .numbered(1, .changed, type: "level_down"))
    #expect(carryOut(&group, at: 5 * Self.minute, verdict: digest).messages.isEmpty)
    change(&group, .numbered(1, .changed, severity: .critical))
    #expect(
      carryOut(&group, at: 10 * Self.minute, verdict: digest).messages.map(\.reason) == [.first])
  }

  @Test func `each anomaly, each customer or all have a thread`() {
    let notices: [Notice] = [
      .numbered(1), .numbered(2), .numbered(3, customer: 2),
    ]
    for (scope, count) in [(IncidentScope.anomaly, 3), (.customer, 2), (.group, 1)] {
      var group = group(notices, rules: ReceiverRules(incidentScope: scope))
      #expect(carryOut(&group, at: 0).messages.count == count)
    }
  }

  @Test func `what moved away is followed to its end and no longer`() {
    var group = group([.numbered(1), .numbered(2)])
    carryOut(&group, at: 0) {
      $0.notice.anomaly == .number(2) ? .suppress(Standing(.muted)) : .tell
    }
    for place in group.members.indices { group.members[place].isMovedAway = true }
    #expect(carryOut(&group, at: 5 * Self.minute).leaving == [.number(2)])
    change(&group, .numbered(1, .resolved))
    #expect(carryOut(&group, at: 10 * Self.minute).messages.map(\.action) == [.resolve])
  }

  @Test func `a group waits, unless what it holds is late`() {
    let wait = RoutePolicy(receiver: "a", groupWaitSeconds: 30)
    #expect(
      NotificationGroup.firstFlush(policy: wait, detectedUnixMicroseconds: 0, now: 29_999_999)
        == 59_999_999)
    #expect(
      NotificationGroup.firstFlush(policy: wait, detectedUnixMicroseconds: 0, now: 30_000_000)
        == 30_000_000)
  }

  @Test(arguments: [(0, 300), (300, 300), (301, 600), (900, 900), (-5, 300)] as [(Int64, Int64)])
  func `a told group speaks on its beat`(moment: Int64, expected: Int64) {
    let beat = NotificationGroup.beat(
      after: 0, policy: Self.policy, notBefore: moment * 1_000_000)
    #expect(beat == expected * 1_000_000)
  }
}
