import SeriesModel
import Testing

@testable import Alerting

@Suite("Digest schedules")
struct DigestScheduleTests {
  @Test func `a daily digest comes at its time, strictly after the moment`() throws {
    let digest = try DigestSchedule(at: "08:00", zone: .utc)
    let due = try seconds("2026-05-04 08:00")
    #expect(digest.nextDue(afterUnixSeconds: due - 1) == due)
    #expect(digest.nextDue(afterUnixSeconds: due) == due + 86_400)
    #expect(digest.nextDue(afterUnixSeconds: due - 86_400) == due)
  }

  @Test func `a weekly digest comes on its day by the person's clock`() throws {
    let digest = try DigestSchedule(at: "07:30", weekday: "monday", zone: ZoneFixture.newYork())
    // 2026-05-04 is a Monday; at midnight UTC it is still Sunday there.
    #expect(
      try digest.nextDue(afterUnixSeconds: seconds("2026-05-04 00:00"))
        == seconds("2026-05-04 07:30", offsetMinutes: -240))
    #expect(
      try digest.nextDue(afterUnixSeconds: seconds("2026-05-04 11:30"))
        == seconds("2026-05-11 07:30", offsetMinutes: -240))
  }

  @Test func `a time that the clock skips is made up for at once`() throws {
    let digest = try DigestSchedule(at: "02:30", zone: ZoneFixture.berlin())
    let due = try digest.nextDue(afterUnixSeconds: seconds("2026-03-28 12:00"))
    #expect(try due == seconds("2026-03-29 03:00", offsetMinutes: 120))
    #expect(
      try digest.nextDue(afterUnixSeconds: due) == seconds("2026-03-30 02:30", offsetMinutes: 120))
  }

  @Test func `a time that comes twice fires once`() throws {
    let digest = try DigestSchedule(at: "02:30", zone: ZoneFixture.berlin())
    let due = try digest.nextDue(afterUnixSeconds: seconds("2026-10-24 12:00"))
    #expect(try due == seconds("2026-10-25 02:30", offsetMinutes: 120))
    #expect(
      try digest.nextDue(afterUnixSeconds: due) == seconds("2026-10-26 02:30", offsetMinutes: 60))
    // A service that was down at the first and is up at the second waits for the next day.
    #expect(
      try digest.nextDue(afterUnixSeconds: due + 1_800)
        == seconds("2026-10-26 02:30", offsetMinutes: 60))
  }

  @Test func `midnight of a day that begins at one o'clock is its beginning`() throws {
    let digest = try DigestSchedule(at: "00:00", zone: ZoneFixture.santiago())
    #expect(
      try digest.nextDue(afterUnixSeconds: seconds("2026-09-05 12:00"))
        == seconds("2026-09-06 01:00", offsetMinutes: -180))
  }

  @Test func `each civil day has one digest, whatever the zone and the minute`() throws {
    var random = SeededGenerator(seed: 0x6469_6765)
    for zone in try ZoneFixture.all() {
      let minute = Int.random(in: 0..<1_440, using: &random)
      let digest = try DigestSchedule(.daily, atMinute: minute, zone: zone)
      var moment = try seconds("2026-01-01 12:00")
      var days: [Int] = []
      for _ in 0..<366 {
        let due = digest.nextDue(afterUnixSeconds: moment)
        #expect(due > moment)
        moment = due
        days.append(Int((due + zone.offsetSeconds(atUnixSecond: due)) / 86_400))
      }
      #expect(zip(days, days.dropFirst()).allSatisfy { $1 == $0 + 1 }, "\(zone.name) \(minute)")
    }
  }

  @Test func `numbers and words outside a day or a week are refused`() {
    for minute in [-1, 1_440] {
      #expect(throws: AlertingError.self) {
        try DigestSchedule(.daily, atMinute: minute, zone: .utc)
      }
    }
    for weekday in [-1, 7] {
      #expect(throws: AlertingError.self) {
        try DigestSchedule(.weekly(weekday: weekday), atMinute: 0, zone: .utc)
      }
    }
    for (time, weekday) in [("24:00", nil), ("8:00", nil), ("08:00", "monday:friday")] {
      #expect(throws: AlertingError.self) {
        try DigestSchedule(at: time, weekday: weekday, zone: .utc)
      }
    }
  }
}
