/// The milliseconds of a duration as Prometheus writes it: `30s`, `5m`, `1h30m`, `1d`, `1w`, `500ms`
/// or `0`; nil for anything else.
///
/// Units stand from the longest to the shortest, each once: y, w, d, h, m, s and ms. A year has 365
/// days.
public func milliseconds(ofDuration text: String) -> Int64? {
  if text == "0" { return 0 }
  let units: [(name: String, milliseconds: Int64)] = [
    ("y", 31_536_000_000), ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000),
    ("m", 60_000), ("s", 1_000), ("ms", 1),
  ]
  var sum: Int64 = 0
  var rest = text.utf8[...]
  var next = 0
  guard !rest.isEmpty else { return nil }
  while !rest.isEmpty {
    let digits = rest.prefix { (0x30...0x39).contains($0) }
    rest = rest.dropFirst(digits.count)
    let letters = rest.prefix { (0x61...0x7a).contains($0) }
    rest = rest.dropFirst(letters.count)
    guard let number = Int64(String(Substring(digits))),
      let place = units.firstIndex(where: { $0.name.utf8.elementsEqual(letters) }), place >= next
    else { return nil }
    let (part, isTooLarge) = number.multipliedReportingOverflow(by: units[place].milliseconds)
    let (total, overflows) = sum.addingReportingOverflow(part)
    guard !isTooLarge, !overflows else { return nil }
    sum = total
    next = place + 1
  }
  return sum
}

/// A number of seconds as ``milliseconds(ofDuration:)`` reads it.
public func durationText(milliseconds: Int64) -> String {
  var rest = milliseconds
  var text = ""
  let units: [(String, Int64)] = [
    ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
  ]
  for (name, length) in units where rest >= length {
    text += "\(rest / length)\(name)"
    rest %= length
  }
  return text.isEmpty ? "0" : text
}
