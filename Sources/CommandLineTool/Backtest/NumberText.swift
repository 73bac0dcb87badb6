import SeriesModel

/// Powers of ten that a Double holds exactly.
private let exactPowers: [Double] = [
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
]

/// The number that ASCII text writes, or nil when it writes none; `nan` and `inf` come as they are.
///
/// Short decimals are a whole number divided by a power of ten, both exact, so that the result is
/// the nearest Double; all others go the long way.
func number(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Double? {
  var mantissa: UInt64 = 0
  var digits = 0
  var decimals: Int?
  var rest = text
  let isNegative = rest.first == UInt8(ascii: "-")
  if isNegative { rest = rest.dropFirst() }
  for byte in rest {
    if (48...57).contains(byte), digits < 15 {
      mantissa = mantissa * 10 + UInt64(byte - 48)
      digits += 1
      if let places = decimals { decimals = places + 1 }
    } else if byte == UInt8(ascii: "."), decimals == nil {
      decimals = 0
    } else {
      return Double(String(decoding: text, as: UTF8.self))
    }
  }
  guard digits > 0 else { return nil }
  let value = Double(mantissa) / exactPowers[decimals ?? 0]
  return isNegative ? -value : value
}

/// The bucket of a date such as `2013-02-08`, with or without a time behind it, or nil when the
/// text is no date, has no time where the buckets are shorter than a day, or lies out of range.
///
/// A time is written `T13:05`, with or without seconds, a fraction or an offset; without an offset
/// it is UTC.
func bucket(
  _ text: Slice<UnsafeBufferPointer<UInt8>>, _ granularity: Granularity
) -> Int32? {
  let start = text.startIndex
  guard text.count >= 10, text[start + 4] == UInt8(ascii: "-"),
    text[start + 7] == UInt8(ascii: "-"),
    let year = digits(text, 0..<4), let month = digits(text, 5..<7), let day = digits(text, 8..<10),
    let date = CivilDate(year: year, month: month, day: day)
  else { return nil }
  guard text.count > 10 else {
    switch granularity {
    case .day: return Int32(date.dayIndex)
    case .week: return Int32(date.weekIndex)
    case .hour, .fiveMinutes: return nil
    }
  }
  guard let second = secondOfDay(text) else { return nil }
  return Bucket(granularity, holdingUnixSecond: Int64(date.dayIndex * 86_400 + second))?.index
}

/// The second of the day behind a date, less the offset of its zone.
private func secondOfDay(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
  let start = text.startIndex
  let separator = text[start + 10]
  guard separator == UInt8(ascii: "T") || separator == UInt8(ascii: " "), text.count >= 16,
    let hour = digits(text, 11..<13), hour < 24, text[start + 13] == UInt8(ascii: ":"),
    let minute = digits(text, 14..<16), minute < 60
  else { return nil }
  var second = hour * 3_600 + minute * 60
  var place = 16
  if text.count >= 19, text[start + place] == UInt8(ascii: ":") {
    guard let seconds = digits(text, 17..<19), seconds < 60 else { return nil }
    second += seconds
    place = 19
    if text.count > place, text[start + place] == UInt8(ascii: ".") {
      place += 1
      while place < text.count, (48...57).contains(text[start + place]) { place += 1 }
    }
  }
  if place == text.count { return second }
  let sign = text[start + place]
  if sign == UInt8(ascii: "Z") { return text.count == place + 1 ? second : nil }
  guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), text.count == place + 6,
    text[start + place + 3] == UInt8(ascii: ":"),
    let hours = digits(text, place + 1..<place + 3), hours < 24,
    let minutes = digits(text, place + 4..<place + 6), minutes < 60
  else { return nil }
  let offset = hours * 3_600 + minutes * 60
  return sign == UInt8(ascii: "-") ? second + offset : second - offset
}

private func digits(_ text: Slice<UnsafeBufferPointer<UInt8>>, _ places: Range<Int>) -> Int? {
  var number = 0
  for place in places {
    let byte = text[text.startIndex + place]
    guard (48...57).contains(byte) else { return nil }
    number = number * 10 + Int(byte - 48)
  }
  return number
}
