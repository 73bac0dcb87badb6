import SeriesModel
import Testing

/// Zones made of bytes, so that no test depends on the files of the machine.
enum ZoneFixture {
  /// A version 2 file with one change in 64 bits and a rule for what follows.
  static func file(
    changeAt: Int64, before: Int32, after: Int32, rule: String
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

  /// Berlin's rules of today, for all time.
  static func berlin() throws -> Zone {
    try #require(
      Zone(
        name: "Europe/Berlin",
        tzif: file(changeAt: 0, before: 3_600, after: 3_600, rule: "CET-1CEST,M3.5.0,M10.5.0/3")))
  }

  /// New York's rules of today, for all time.
  static func newYork() throws -> Zone {
    try #require(
      Zone(
        name: "America/New_York",
        tzif: file(changeAt: 0, before: -18_000, after: -18_000, rule: "EST5EDT,M3.2.0,M11.1.0")))
  }
}
