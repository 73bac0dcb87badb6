/// A number as people read it: thousands separators, and no more digits than say something.
///
/// Whole from 100 up (and wherever the number is whole), one decimal from 1 up, two significant
/// digits below.
public func numberWords(_ value: Double) -> String {
  guard value.isFinite else { return "unknown" }
  guard value.magnitude < 1e15 else { return "\(value)" }
  let sign = value < 0 ? "-" : ""
  let size = value.magnitude
  if size >= 100 || size == size.rounded() { return signed(sign, grouped(size.rounded())) }
  if size >= 1 { return signed(sign, decimals(size, 1)) }
  if size >= 0.095 { return signed(sign, decimals(size, 2)) }
  return signed(sign, decimals(size, 3))
}

private func signed(_ sign: String, _ digits: String) -> String {
  digits == "0" ? digits : sign + digits
}

private func grouped(_ whole: Double) -> String {
  let digits = String(Int64(whole))
  var out = ""
  for (place, digit) in digits.enumerated() {
    if place > 0, (digits.count - place).isMultiple(of: 3) { out.append(",") }
    out.append(digit)
  }
  return out
}

/// Rounded to that many decimal places, without zeros at the end.
private func decimals(_ size: Double, _ places: Int) -> String {
  var scale = 1.0
  for _ in 0..<places { scale *= 10 }
  let scaled = Int64((size * scale).rounded())
  let whole = scaled / Int64(scale)
  var fraction = String(scaled % Int64(scale))
  fraction = String(repeating: "0", count: places - fraction.count) + fraction
  while fraction.hasSuffix("0") { fraction.removeLast() }
  return fraction.isEmpty ? grouped(Double(whole)) : grouped(Double(whole)) + "." + fraction
}

/// A count with its noun: `1 day`, `5 days`.
public func countWords(_ count: Int64, _ noun: String) -> String {
  "\(grouped(Double(count))) \(noun)\(count == 1 ? "" : "s")"
}

/// How long something lasts: "5 days", "2 weeks", "25 minutes".
public func durationWords(_ buckets: Int64, _ granularity: Granularity) -> String {
  let count = max(buckets, 1)
  switch granularity {
  case .fiveMinutes:
    return count < 24 ? countWords(count * 5, "minute") : durationWords((count + 6) / 12, .hour)
  case .hour:
    return count < 48 ? countWords(count, "hour") : durationWords((count + 12) / 24, .day)
  case .day:
    return count >= 14 && count.isMultiple(of: 7)
      ? countWords(count / 7, "week") : countWords(count, "day")
  case .week:
    return countWords(count, "week")
  }
}

/// A value as people read it: counts and money a bucket, levels with their unit.
public func valueWords(
  _ value: Double, _ kind: MetricKind, unit: String, _ granularity: Granularity
) -> String {
  let number = numberWords(value)
  let unit = oneLine(unit)
  let bucket =
    switch granularity {
    case .fiveMinutes: "5 minutes"
    case .hour: "hour"
    case .day: "day"
    case .week: "week"
    }
  switch kind {
  case .count: return "\(number)/\(bucket)"
  case .money: return (unit.isEmpty ? number : "\(number) \(unit)") + "/\(bucket)"
  case .gauge, .ratio: return unit.isEmpty ? number : "\(number) \(unit)"
  }
}

/// The text without anything that could begin a line, steer a terminal or turn the order of
/// characters around, so that a hostile name cannot pass for another part of a message.
public func oneLine(_ text: String) -> String {
  var result = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    switch scalar.value {
    case 0x202a...0x202e, 0x2066...0x2069, 0x200e, 0x200f, 0x061c: continue
    default: break
    }
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: result.append(" ")
    default: result.append(scalar)
    }
  }
  while result.last == " " { result.removeLast() }
  return String(result.drop { $0 == " " })
}
