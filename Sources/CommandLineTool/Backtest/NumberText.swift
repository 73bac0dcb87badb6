import SeriesModel

/// Powers of ten that a Double holds exactly.
private let exactPowers: [Double] = [
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
]

/// The number that ASCII text writes, or nil when it writes none; `nan` and `inf` come as they are.
///
/// Short decimals are a whole number divided by a power of ten, both exact, so that the result is
/// the nearest Double; all others go the long way.
func number(_ text: Field) -> Double? {
  var mantissa: UInt64 = 0
  var digits = 0
  var decimals = -1
  let isNegative = text.count > 0 && text[0] == UInt8(ascii: "-")
  var place = isNegative ? 1 : 0
  while place < text.count {
    let byte = text[place]
    if byte >= 48, byte <= 57, digits < 15 {
      mantissa = mantissa * 10 + UInt64(byte &- 48)
      digits += 1
      if decimals >= 0 { decimals += 1 }
    } else if byte == UInt8(ascii: "."), decimals < 0 {
      decimals = 0
    } else {
      return Double(text.text)
    }
    place += 1
  }
  guard digits > 0 else { return nil }
  let value = decimals > 0 ? Double(mantissa) / exactPowers[decimals] : Double(mantissa)
  return isNegative ? -value : value
}

/// The bucket of a date such as `2013-02-08`, with or without a time behind it, or nil when the
/// text is no date, has no time where the buckets are shorter than a day, or lies out of range.
///
/// A time is written `T13:05`, with or without seconds, a fraction or an offset; without an offset
/// it is UTC.
func bucket(_ text: Field, _ granularity: Granularity) -> Int32? {
  guard text.count >= 10, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
    let year = text.digits(0, 4), let month = text.digits(5, 2), let day = text.digits(8, 2),
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
private func secondOfDay(_ text: Field) -> Int? {
  let separator = text[10]
  guard separator == UInt8(ascii: "T") || separator == UInt8(ascii: " "), text.count >= 16,
    let hour = text.digits(11, 2), hour < 24, text[13] == UInt8(ascii: ":"),
    let minute = text.digits(14, 2), minute < 60
  else { return nil }
  var second = hour * 3_600 + minute * 60
  var place = 16
  if text.count >= 19, text[place] == UInt8(ascii: ":") {
    guard let seconds = text.digits(17, 2), seconds < 60 else { return nil }
    second += seconds
    place = 19
    if text.count > place, text[place] == UInt8(ascii: ".") {
      place += 1
      while place < text.count, (48...57).contains(text[place]) { place += 1 }
    }
  }
  if place == text.count { return second }
  let sign = text[place]
  if sign == UInt8(ascii: "Z") { return text.count == place + 1 ? second : nil }
  guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), text.count == place + 6,
    text[place + 3] == UInt8(ascii: ":"),
    let hours = text.digits(place + 1, 2), hours < 24,
    let minutes = text.digits(place + 4, 2), minutes < 60
  else { return nil }
  let offset = hours * 3_600 + minutes * 60
  return sign == UInt8(ascii: "-") ? second + offset : second - offset
}
