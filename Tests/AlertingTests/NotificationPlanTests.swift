import Testing

@testable import Alerting

@Suite("Notification plan")
struct NotificationPlanTests {
  private let email = ReceiverRules()
  private let pager = ReceiverRules(minimumSeverity: .critical, pages: true)
  private let silent = NotificationThread()
  private let triggered = NotificationThread(status: .triggered, revision: 1)

  @Test func `a first change is told`() {
    #expect(planNotification(of: .fixture(), to: email, thread: silent) == .trigger)
    #expect(planNotification(of: .fixture(), to: pager, thread: silent) == .trigger)
  }

  @Test func `the same change is told once, and an older one never`() {
    let second = NotificationThread(status: .triggered, revision: 2)
    #expect(
      planNotification(of: .fixture(revision: 2), to: email, thread: second)
        == .skip(.alreadySent))
    #expect(
      planNotification(of: .fixture(revision: 1), to: email, thread: second) == .skip(.overtaken))
    #expect(planNotification(of: .fixture(revision: 3), to: email, thread: second) == .trigger)
  }

  @Test(arguments: [NoticeKind.resolved, .dismissed, .withdrawn])
  func `an end is told to whoever was told of the beginning`(kind: NoticeKind) {
    let notice = Notice.fixture(revision: 2, kind: kind, severity: .info)
    #expect(planNotification(of: notice, to: pager, thread: triggered) == .resolve)
    #expect(
      planNotification(of: notice, to: pager, thread: silent) == .skip(.nothingToResolve))
    let resolved = NotificationThread(status: .resolved, revision: 1)
    #expect(
      planNotification(of: notice, to: pager, thread: resolved) == .skip(.nothingToResolve))
    let reticent = ReceiverRules(wantsResolved: false)
    #expect(
      planNotification(of: notice, to: reticent, thread: triggered) == .skip(.resolveNotWanted))
  }

  @Test func `an anomaly that comes back is told again`() {
    let resolved = NotificationThread(status: .resolved, revision: 2)
    let notice = Notice.fixture(revision: 3, kind: .reopened)
    #expect(planNotification(of: notice, to: pager, thread: resolved) == .trigger)
  }

  @Test(arguments: NoticeSeverity.allCases, NoticeSeverity.allCases)
  func `a milder anomaly than the minimum is not told`(
    severity: NoticeSeverity, minimum: NoticeSeverity
  ) {
    let action = planNotification(
      of: .fixture(severity: severity), to: ReceiverRules(minimumSeverity: minimum),
      thread: silent)
    #expect(action == (severity < minimum ? .skip(.belowMinimumSeverity) : .trigger))
  }

  @Test func `who was told of a critical anomaly hears that it is milder now`() {
    let notice = Notice.fixture(revision: 2, kind: .changed, severity: .info)
    #expect(planNotification(of: notice, to: pager, thread: triggered) == .trigger)
  }

  @Test func `good news never pages, but is mailed`() {
    let notice = Notice.fixture(revision: 2, intent: .opportunity)
    #expect(
      planNotification(of: notice, to: pager, thread: silent) == .skip(.opportunityNeverPages))
    #expect(planNotification(of: notice, to: email, thread: silent) == .trigger)
    #expect(planNotification(of: notice, to: pager, thread: triggered) == .resolve)
  }
}
