import Alerting
import Foundation
import SeriesModel
import Testing

@testable import NotifierService

@Suite("The file of routes: all that decides")
struct AlertingFileTests {
  static let mail =
    "email: {smarthost: 'smtp://mail.example.org', from: tidemark@example.org, to: owner}"

  /// A file with every key that decides.
  static let whole = """
    zone: Europe/Berlin
    time_intervals:
      - name: nights
        time_intervals:
          - times: [{start_time: "22:00", end_time: "24:00"}]
          - times: [{start_time: "00:00", end_time: "07:00"}]
      - name: new-york-office
        time_intervals:
          - weekdays: ['monday:friday']
            times: [{start_time: "09:00", end_time: "17:00"}]
            days_of_month: ['1:-1']
            months: ['january:november', 12]
            years: ['2020:2040']
            location: America/New_York
    receivers:
      - name: mail
        \(mail)
        send_resolved: false
        minimum_severity: info
        incident_per: customer
      - name: archive
        \(mail)
        budget: {limit: 20, per: 7d, critical_reserve: 3, digest: weekly}
      - name: managers
        people: [owner, 'role:cs_director', ada]
      - name: nobody
    digests:
      - {name: weekly, receiver: archive, weekly: "monday 08:00", zone: UTC}
      - {name: daily, receiver: managers, daily: "07:30"}
    escalation_policies:
      - name: risk
        steps:
          - {receivers: [managers], delivery_slo: 5m, acknowledge_within: 1h}
          - {receivers: [archive, mail], delivery_slo: 30m}
        repeats: 2
    people:
      - name: ada
        roles: [cs_manager]
        email: ada@example.org
        slack: U012AB3CD
        zone: America/New_York
        channels: [mail, archive]
        quiet_hours: nights
        digest: {weekly: "friday 16:00"}
        immediate_severity: critical
        critical_overrides_quiet_hours: false
        portfolio_only: true
      - name: grace
        roles: [cs_director]
        email: grace@example.org
        channels: mail
        quiet_hours: {weekdays: [saturday, sunday]}
    inhibit_rules:
      - name: platform
        source_matchers: ['scope="cohort"']
        target_matchers: ['scope!="cohort"']
        equal: [segment]
        scope: {route: '{}/{severity="critical"}'}
        minimum_sources: 1
      - source_matchers: [severity=critical]
        target_matchers: [severity=info]
        equal: [customer]
        scope: {receiver: mail}
    route:
      receiver: archive
      group_by: [customer, segment]
      group_wait: 30s
      group_interval: 5m
      repeat_interval: 1h30m
      routes:
        - matchers: ['severity="critical"']
          escalation: risk
          group_by: ['...']
          continue: true
        - matchers: ['direction="up"', 'metric_kind="count"']
          receiver: mail
          digest: daily
          mute_time_intervals: [nights]
          active_time_intervals: [new-york-office]
          continue: true
        - matchers: ['region="nowhere"']
          receiver: nobody
    """

  static func routes(_ text: String) throws -> Routes {
    try Routes(parsing: Array(text.utf8), name: "routes.yaml", folder: "")
  }

  static func faults(_ text: String) -> [String] {
    do {
      _ = try routes(text)
      return []
    } catch let error as RoutesError {
      return error.faults
    } catch {
      return ["\(error)"]
    }
  }

  @Test func `every key that decides is read`() throws {
    let routes = try Self.routes(Self.whole)
    let alerting = routes.alerting
    let root = try #require(routes.tree).root
    #expect(root.grouping == .labels(["customer", "segment"]))
    #expect(root.groupWaitSeconds == 30 && root.groupIntervalSeconds == 300)
    #expect(root.repeatIntervalSeconds == 5_400)
    #expect(root.children[0].grouping == .all && root.children[0].escalation == "risk")
    #expect(root.children[1].digest == "daily")
    #expect(root.children[1].muteTimes == ["nights"])
    #expect(root.children[1].activeTimes == ["new-york-office"])
    #expect(
      alerting.receivers["mail"]
        == ReceiverRules(minimumSeverity: .info, wantsResolved: false, incidentScope: .customer))
    #expect(alerting.people == ["managers": [.owner, .role("cs_director"), .name("ada")]])
    #expect(alerting.silentReceivers == ["nobody"])
    #expect(
      alerting.budgets["archive"]
        == ReceiverBudget(
          budget: try AlarmBudget(limit: 20, windowSeconds: 604_800, criticalReserve: 3),
          digest: "weekly"))
    #expect(alerting.digests["weekly"]?.schedule.rhythm == .weekly(weekday: 1))
    #expect(alerting.digests["weekly"]?.schedule.zone.name == "UTC")
    #expect(alerting.digests["daily"]?.schedule.zone.name == "Europe/Berlin")
    #expect(alerting.digests["daily"]?.schedule.minuteOfDay == 450)
    let steps = try #require(alerting.escalations["risk"]).steps
    #expect(steps[0].deliverySLOSeconds == 300 && steps[0].acknowledgeDeadlineSeconds == 3_600)
    // Where one time is known each side has that long.
    #expect(steps[1].acknowledgeDeadlineSeconds == 1_800)
    #expect(alerting.escalations["risk"]?.repeats == 2)
    #expect(alerting.inhibitions.map(\.name) == ["platform", "inhibit_rules[1]"])
    #expect(alerting.inhibitions[0].scope == .route("{}/{severity=\"critical\"}/0"))
    #expect(alerting.inhibitions[1].scope == .receiver("mail"))
    #expect(routes.warnings.isEmpty, "\(routes.warnings)")
  }

  @Test func `people have their own clock, channels and rest`() throws {
    let alerting = try Self.routes(Self.whole).alerting
    let ada = try #require(alerting.directory?.person(named: "ada"))
    #expect(ada.zone.name == "America/New_York" && ada.slackUser == "U012AB3CD")
    #expect(ada.channels == ["mail", "archive"] && ada.portfolioOnly)
    #expect(!ada.criticalOverridesQuietHours && ada.immediateSeverity == .critical)
    #expect(ada.digest?.rhythm == .weekly(weekday: 5))
    // 03:00 UTC on 2026-02-03 is 22:00 in New York, and 04:00 in Berlin.
    let moment: Int64 = 1_770_087_600
    #expect(ada.quietHours?.contains(unixSeconds: moment) == true)
    #expect(ada.quietHours?.contains(unixSeconds: moment - 1) == false)
    // For routes the same interval runs by UTC, as with Alertmanager.
    let nights = try #require(alerting.schedules["nights"])
    #expect(nights.contains(unixSeconds: moment) && nights.contains(unixSeconds: moment - 1))
    let grace = try #require(alerting.directory?.person(named: "grace"))
    #expect(grace.zone.name == "Europe/Berlin" && grace.criticalOverridesQuietHours)
    // Saturday, 2026-01-31, 00:00 in Berlin.
    #expect(grace.quietHours?.contains(unixSeconds: 1_769_814_000) == true)
    #expect(grace.quietHours?.contains(unixSeconds: 1_769_813_999) == false)
    let meant = alerting.persons(of: "managers", owner: "ada@example.org").map(\.name)
    #expect(meant == ["ada", "grace"])
    #expect(alerting.persons(of: "managers", owner: "bob").map(\.name) == ["grace"])
  }

  /// A file that is good but for what stands in place of a line.
  static func replacing(_ old: String, _ new: String) -> String {
    precondition(whole.contains(old), "the file has no \(old)")
    return whole.replacing(old, with: new, maxReplacements: 1)
  }

  @Test(
    arguments: [
      ("group_wait: 30s", "group_wait: 30 s", "'group_wait' must be a duration"),
      ("group_interval: 5m", "group_interval: 0s", "'group_interval' must be from 1ms"),
      ("repeat_interval: 1h30m", "repeat_interval: 30m1h", "'repeat_interval' must be a duration"),
      ("group_by: ['...']", "group_by: ['...', customer]", "'...' in 'group_by' means all labels"),
      (
        "group_by: [customer, segment]", "group_by: [custommer]", "label 'custommer' does not exist"
      ),
      (
        "group_by: [customer, segment]", "group_by: [customer, customer]", "'customer' stands twice"
      ),
      ("escalation: risk", "escalation: rissk", "escalation policy 'rissk' does not exist"),
      ("digest: daily\n", "digest: dayly\n", "digest 'dayly' does not exist"),
      (
        "mute_time_intervals: [nights]", "mute_time_intervals: [days]",
        "time interval 'days' does not exist"
      ),
      ("start_time: \"22:00\"", "start_time: \"25:00\"", "'25:00' is not a time"),
      ("end_time: \"07:00\"", "end_time: \"00:00\"", "ends before it begins"),
      ("'monday:friday'", "'friday:monday'", "end before they begin"),
      ("'1:-1'", "'0:5'", "go beyond a month"),
      ("'january:november'", "'janvier'", "'janvier' in 'janvier' is not a month"),
      ("'2020:2040'", "'soon'", "is not a year"),
      ("America/New_York\nreceivers", "Mars/Olympus\nreceivers", "'Mars/Olympus' is not on this"),
      ("zone: Europe/Berlin", "zone: Europe/Atlantis", "routes.yaml:1:1: the time zone"),
      ("limit: 20", "limit: 0", "'limit' must be a whole number"),
      ("per: 7d", "per: 7days", "'per' must be a duration"),
      ("per: 7d", "per: 1500ms", "'per' must be whole seconds"),
      ("critical_reserve: 3", "critical_reserve: 30", "a reserve of 30 does not fit"),
      ("digest: weekly}", "digest: monthly}", "digest 'monthly' does not exist"),
      ("digest: weekly}", "digets: weekly}", "unknown key 'digets' in 'budget'"),
      ("weekly: \"monday 08:00\"", "weekly: \"monday\"", "'weekly' is a day and a time"),
      ("daily: \"07:30\"", "daily: \"07:60\"", "'07:60' is not a time"),
      (", daily: \"07:30\"", "", "a digest is sent either 'daily' or 'weekly'"),
      ("receiver: managers, daily", "receiver: nobody, daily", "so the digest would be lost"),
      ("receiver: managers, daily", "receiver: none, daily", "receiver 'none' does not exist"),
      ("receivers: [managers]", "receivers: [manager]", "receiver 'manager' does not exist"),
      ("receivers: [managers], ", "", "a step needs 'receivers'"),
      (", delivery_slo: 30m", "", "a step needs 'delivery_slo', 'acknowledge_within' or both"),
      ("repeats: 2", "repeats: 101", "'repeats' must be a whole number from 0 to 100"),
      ("delivery_slo: 5m", "delivery_slo: 31d", "'delivery_slo' must be from 1s to 30d"),
      ("'role:cs_director'", "'role:director'", "nobody has the role 'director'"),
      (", ada]", ", eve]", "person 'eve' does not exist"),
      ("channels: mail", "channels: pigeon", "receiver 'pigeon' does not exist"),
      ("channels: mail", "channels: nobody", "receiver 'nobody' has no way"),
      ("channels: mail", "channels: managers", "stands for people itself"),
      ("    email: grace@example.org\n", "", "channel 'mail' is mail, and 'grace' has no 'email'"),
      ("email: grace@example.org", "email: ada@example.org", "have one mail address"),
      ("quiet_hours: nights", "quiet_hours: night", "time interval 'night' does not exist"),
      ("immediate_severity: critical", "immediate_severity: bad", "must be info, warning or"),
      ("portfolio_only: true", "portfolio_only: maybe", "'portfolio_only' must be true or false"),
      ("name: grace", "name: ada", "person 'ada' stands twice"),
      ("equal: [segment]", "equal: [cohort]", "label 'cohort' does not exist"),
      (
        "source_matchers: ['scope=\"cohort\"']", "source_matchers: [scope]", "none of the operators"
      ),
      ("{receiver: mail}", "{receiver: post}", "receiver 'post' does not exist"),
      ("{receiver: mail}", "{}", "'scope' has either 'receiver' or 'route'"),
      ("route: '{}/{severity=\"critical\"}'", "route: '{}/{}'", "route '{}/{}' does not exist"),
      ("minimum_sources: 1", "minimum_sources: 0", "'minimum_sources' must be a whole number"),
      ("send_resolved: false", "send_resolved: false\n    send-resolved: true", "stands twice"),
      ("name: nobody", "name: nobody\n    people: []", "'people' names nobody"),
      (
        "name: archive", "name: archive\n    people: [ada]", "stands for people, who are reached by"
      ),
    ])
  func `what is wrong is told with its place`(old: String, new: String, fault: String) {
    let faults = Self.faults(Self.replacing(old, new))
    #expect(faults.contains { $0.contains(fault) }, "\(faults)")
    #expect(faults.allSatisfy { $0.wholeMatch(of: /routes.yaml:\d+:\d+: .+/) != nil }, "\(faults)")
    #expect(faults.count <= 3, "one slip makes few faults: \(faults)")
  }

  @Test func `all faults of all parts are told together`() {
    var text = Self.whole
    for (old, new) in [
      ("group_wait: 30s", "group_wait: x"), ("limit: 20", "limit: x"),
      ("daily: \"07:30\"", "daily: x"), ("repeats: 2", "repeats: x"),
      ("channels: mail", "channels: x"), ("equal: [segment]", "equal: [x]"),
      ("'monday:friday'", "x"),
    ] {
      text = text.replacing(old, with: new, maxReplacements: 1)
    }
    let faults = Self.faults(text)
    #expect(faults.count == 7, "\(faults)")
  }
}
