internal import Glibc
internal import Locking

/// The clocks of the machine, for shells; the domain gets its time as an argument.
public enum SystemTime {
  /// Microseconds since 1970-01-01T00:00:00Z.
  @Sendable
  public static func unixMicroseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
  }

  /// Seconds on a clock that never goes back, from no particular moment.
  @Sendable
  public static func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

/// RFC 3339 texts of moments, in UTC.
public enum Timestamp {
  /// The text of a moment, with milliseconds unless whole seconds are wanted.
  public static func text(unixMicroseconds: Int64, milliseconds: Bool = true) -> String {
    let seconds = floorDivide(unixMicroseconds, 1_000_000)
    let date = civilDate(day: floorDivide(seconds, 86_400))
    let second = seconds - floorDivide(seconds, 86_400) * 86_400
    let clock = [second / 3_600, second / 60 % 60, second % 60].map { padded($0, 2) }
    var text = "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T"
    text += clock.joined(separator: ":")
    if milliseconds {
      text += "." + padded((unixMicroseconds - seconds * 1_000_000) / 1_000, 3)
    }
    return text + "Z"
  }

  /// The moment of a text: `2026-11-21`, or with a time and `Z` or an offset; nil for another text.
  public static func unixMicroseconds(_ text: String) -> Int64? {
    let characters = Array(text.utf8)
    guard characters.count >= 10, let day = civilDay(characters) else { return nil }
    if characters.count == 10 { return day * 86_400_000_000 }
    guard characters.count >= 20, characters[10] | 0x20 == UInt8(ascii: "t"),
      characters[13] == UInt8(ascii: ":"), characters[16] == UInt8(ascii: ":"),
      let hour = number(characters[11..<13], 0...23),
      let minute = number(characters[14..<16], 0...59),
      let second = number(characters[17..<19], 0...59)
    else { return nil }
    var rest = characters[19...]
    var microseconds: Int64 = 0
    if rest.first == UInt8(ascii: ".") {
      let digits = rest.dropFirst().prefix { (0x30...0x39).contains($0) }
      guard !digits.isEmpty, digits.count <= 9 else { return nil }
      let six = Array((digits + [UInt8](repeating: 0x30, count: 6)).prefix(6))
      guard let value = number(six[...], 0...999_999) else { return nil }
      microseconds = value
      rest = rest.dropFirst(digits.count + 1)
    }
    guard let offset = offsetSeconds(Array(rest)) else { return nil }
    let seconds = day * 86_400 + hour * 3_600 + minute * 60 + second - offset
    return seconds * 1_000_000 + microseconds
  }

  private static func civilDay(_ text: [UInt8]) -> Int64? {
    guard text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
      let year = number(text[0..<4], 1...9_999), let month = number(text[5..<7], 1...12),
      let day = number(text[8..<10], 1...31)
    else { return nil }
    let shifted = year - (month <= 2 ? 1 : 0)
    let era = floorDivide(shifted, 400)
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let yearOfEra = shifted - era * 400
    let index =
      era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    // The way back tells the 31st of a month of 30 days.
    let back = civilDate(day: index)
    return back.month == month && back.day == day ? index : nil
  }

  private static func offsetSeconds(_ text: [UInt8]) -> Int64? {
    if text.count == 1, text[0] | 0x20 == UInt8(ascii: "z") { return 0 }
    guard text.count == 6, text[3] == UInt8(ascii: ":"),
      text[0] == UInt8(ascii: "+") || text[0] == UInt8(ascii: "-"),
      let hours = number(text[1..<3], 0...23), let minutes = number(text[4..<6], 0...59)
    else { return nil }
    return (hours * 3_600 + minutes * 60) * (text[0] == UInt8(ascii: "-") ? -1 : 1)
  }

  private static func number(_ digits: ArraySlice<UInt8>, _ range: ClosedRange<Int64>) -> Int64? {
    guard digits.allSatisfy({ (0x30...0x39).contains($0) }),
      let value = Int64(String(decoding: digits, as: UTF8.self)), range.contains(value)
    else { return nil }
    return value
  }

  private static func civilDate(day: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = day + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let part = (5 * dayOfYear + 2) / 153
    let month = part < 10 ? part + 3 : part - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * part + 2) / 5 + 1)
  }

  private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    let quotient = value / divisor
    return value % divisor < 0 ? quotient - 1 : quotient
  }

  private static func padded(_ value: Int64, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
  }
}

/// Standard error, one whole line a call.
enum StandardError {
  /// Two threads' lines must not mix, and a line beyond the pipe's atomic size would.
  private static let turn = Locked(())

  @Sendable
  static func write(_ line: [UInt8]) {
    turn.withLock { _ in
      var rest = line[...]
      while !rest.isEmpty {
        let written = rest.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
        if written < 0 && errno == EINTR { continue }
        // A reader that went away must not stop the service.
        guard written > 0 else { return }
        rest = rest.dropFirst(written)
      }
    }
  }
}
