import SeriesModel
import Testing

@Suite("Zones")
struct ZoneTests {
  @Test func `offsets hold before, between and after the listed changes`() throws {
    let zone = try #require(
      Zone(
        name: "Europe/Berlin",
        tzif: ZoneFixture.file(
          changeAt: 1_000_000, before: 3_208, after: 3_600, rule: "CET-1CEST,M3.5.0,M10.5.0/3")))
    #expect(zone.offsetSeconds(atUnixSecond: 999_999) == 3_208)
    #expect(zone.offsetSeconds(atUnixSecond: 1_000_000) == 3_600)
    // 2026-03-29T01:00Z and 2026-10-25T01:00Z.
    #expect(zone.offsetSeconds(atUnixSecond: 1_774_745_999) == 3_600)
    #expect(zone.offsetSeconds(atUnixSecond: 1_774_746_000) == 7_200)
    #expect(zone.offsetSeconds(atUnixSecond: 1_792_889_999) == 7_200)
    #expect(zone.offsetSeconds(atUnixSecond: 1_792_890_000) == 3_600)
  }

  @Test func `summer spans the turn of the year in the south`() throws {
    let zone = try #require(
      Zone(
        name: "Australia/Sydney",
        tzif: ZoneFixture.file(
          changeAt: 0, before: 36_000, after: 36_000, rule: "AEST-10AEDT,M10.1.0,M4.1.0/3")))
    #expect(zone.offsetSeconds(atUnixSecond: 1_767_225_600) == 39_600)  // 2026-01-01
    #expect(zone.offsetSeconds(atUnixSecond: 1_782_864_000) == 36_000)  // 2026-07-01
  }

  @Test func `days and weeks follow the zone's clock, hours follow UTC`() throws {
    let zone = try #require(
      Zone(name: "x", tzif: ZoneFixture.file(changeAt: 0, before: 0, after: -18_000, rule: "EST5")))
    // 2013-02-11T04:59:59Z is still Sunday evening in New York.
    let second: Int64 = 1_360_558_799
    #expect(zone.bucket(.day, holdingUnixSecond: second)?.description == "2013-02-10")
    #expect(zone.bucket(.week, holdingUnixSecond: second)?.description == "2013-W06")
    #expect(zone.bucket(.day, holdingUnixSecond: second + 1)?.description == "2013-02-11")
    #expect(zone.bucket(.hour, holdingUnixSecond: second)?.description == "2013-02-11T04:00Z")
  }

  @Test func `bytes that are no zone are refused, wherever they are cut`() {
    let whole = ZoneFixture.file(changeAt: 0, before: 0, after: 3_600, rule: "CET-1")
    #expect(Zone(name: "x", tzif: whole) != nil)
    for length in 0..<whole.count - 1 {
      #expect(Zone(name: "x", tzif: Array(whole[..<length])) == nil)
    }
    #expect(Zone(name: "x", tzif: Array("not a zone".utf8)) == nil)
  }
}
