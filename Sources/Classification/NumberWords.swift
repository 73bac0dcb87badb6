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
func counted(_ count: Int64, _ noun: String) -> String {
  "\(grouped(Double(count))) \(noun)\(count == 1 ? "" : "s")"
}
