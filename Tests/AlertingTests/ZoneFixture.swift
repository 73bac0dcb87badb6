import SeriesModel
import Testing

/// Zones made of bytes, so that no test depends on the files of the machine.
enum ZoneFixture {
  /// A zone that keeps one rule for all time, as POSIX writes it.
  static func zone(_ name: String, rule: String) throws -> Zone {
    // Six counts: only one type and the four letters of its name.
    let counts: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 4]
    let block = Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15) + counts
    let type = [UInt8](repeating: 0, count: 6) + Array("LMT\0".utf8)
    return try #require(
      Zone(name: name, tzif: block + type + block + type + Array("\n\(rule)\n".utf8)))
  }

  static func berlin() throws -> Zone {
    try zone("Europe/Berlin", rule: "CET-1CEST,M3.5.0,M10.5.0/3")
  }

  static func newYork() throws -> Zone {
    try zone("America/New_York", rule: "EST5EDT,M3.2.0,M11.1.0")
  }

  static func sydney() throws -> Zone {
    try zone("Australia/Sydney", rule: "AEST-10AEDT,M10.1.0,M4.1.0/3")
  }

  /// Half an hour forth and back.
  static func lordHowe() throws -> Zone {
    try zone("Australia/Lord_Howe", rule: "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0")
  }

  /// The clock changes at midnight, so that one day has no midnight.
  static func santiago() throws -> Zone {
    try zone("America/Santiago", rule: "<-04>4<-03>,M9.1.6/24,M4.1.6/24")
  }

  static func all() throws -> [Zone] {
    try [.utc, berlin(), newYork(), sydney(), lordHowe(), santiago()]
  }
}

/// Seconds since 1970 of `2026-03-29 02:30`, read with an offset in minutes.
func seconds(_ text: String, offsetMinutes: Int64 = 0) throws -> Int64 {
  let parts = text.split(separator: " ")
  let date = try #require(CivilDate(parts[0]))
  let clock = try parts[1].split(separator: ":").map { try #require(Int64($0)) }
  return Int64(date.dayIndex) * 86_400 + clock[0] * 3_600 + clock[1] * 60
    + (clock.count > 2 ? clock[2] : 0) - offsetMinutes * 60
}
