import SeriesModel
import Testing

@Suite("Zones")
struct ZoneTests {
  /// A version 2 file with one change in 64 bits and a rule for what follows.
  private func file(
    changeAt: Int64, before: Int32, after: Int32, rule: String, times: Int = 1
  ) -> [UInt8] {
    func big<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
      withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
    func header(times: UInt32, types: UInt32, names: UInt32) -> [UInt8] {
      Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15) + big(UInt32(0)) + big(UInt32(0))
        + big(UInt32(0)) + big(times) + big(types) + big(names)
    }
    let old = header(times: 0, types: 1, names: 4) + big(Int32(0)) + [0, 0] + Array("LMT\0".utf8)
    let block =
      header(times: 1, types: 2, names: 4) + big(changeAt) + [1] + big(before) + [0, 0]
      + big(after) + [0, 0] + Array("LMT\0".utf8)
    return old + block + Array("\n\(rule)\n".utf8)
  }

  @Test func `offsets hold before, between and after the listed changes`() throws {
    let zone = try #require(
      Zone(
        name: "Europe/Berlin",
        tzif: file(
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
        tzif: file(
          changeAt: 0, before: 36_000, after: 36_000, rule: "AEST-10AEDT,M10.1.0,M4.1.0/3")))
    #expect(zone.offsetSeconds(atUnixSecond: 1_767_225_600) == 39_600)  // 2026-01-01
    #expect(zone.offsetSeconds(atUnixSecond: 1_782_864_000) == 36_000)  // 2026-07-01
  }

  @Test func `days and weeks follow the zone's clock, hours follow UTC`() throws {
    let zone = try #require(
      Zone(name: "x", tzif: file(changeAt: 0, before: 0, after: -18_000, rule: "EST5")))
    // 2013-02-11T04:59:59Z is still Sunday evening in New York.
    let second: Int64 = 1_360_558_799
    #expect(zone.bucket(.day, holdingUnixSecond: second)?.description == "2013-02-10")
    #expect(zone.bucket(.week, holdingUnixSecond: second)?.description == "2013-W06")
    #expect(zone.bucket(.day, holdingUnixSecond: second + 1)?.description == "2013-02-11")
    #expect(zone.bucket(.hour, holdingUnixSecond: second)?.description == "2013-02-11T04:00Z")
  }

  @Test func `bytes that are no zone are refused, wherever they are cut`() {
    let whole = file(changeAt: 0, before: 0, after: 3_600, rule: "CET-1")
    #expect(Zone(name: "x", tzif: whole) != nil)
    for length in 0..<whole.count - 1 {
      #expect(Zone(name: "x", tzif: Array(whole[..<length])) == nil)
    }
    #expect(Zone(name: "x", tzif: Array("not a zone".utf8)) == nil)
  }
}
