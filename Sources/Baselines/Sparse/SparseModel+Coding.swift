extension SparseModel {
  func encode(into writer: inout StateWriter) {
    for count in [age, steps, run] { writer.write(Int32(clamping: count)) }
    for number in [
      total, sum, time, longSum, longTime, buckets, active, values, gapCount, gapSum, gapSquares,
      surprise, odds, expected, firedRisk,
    ] {
      writer.write(number)
    }
    recent.forEachOldestFirst { writer.write($0) }
  }

  mutating func decode(from reader: inout StateReader) throws(BaselineError) {
    age = Int(try reader.integer(Int32.self))
    steps = Int(try reader.integer(Int32.self))
    run = Int(try reader.integer(Int32.self))
    guard age >= 0, steps >= age, run >= 0 else {
      throw BaselineError(.damaged, "a count below zero")
    }
    total = try reader.finite()
    sum = try reader.finite()
    time = try reader.finite()
    longSum = try reader.finite()
    longTime = try reader.finite()
    buckets = try reader.finite()
    active = try reader.finite()
    values = try reader.finite()
    gapCount = try reader.finite()
    gapSum = try reader.finite()
    gapSquares = try reader.finite()
    surprise = try reader.finite()
    odds = try reader.finite()
    expected = try reader.finite()
    firedRisk = try reader.finite()
    for _ in 0..<recent.count { recent.push(try reader.double()) }
  }
}
