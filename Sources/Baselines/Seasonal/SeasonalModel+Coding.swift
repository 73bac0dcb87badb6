import SeriesModel

extension SeasonalModel {
  func encode(into writer: inout StateWriter) {
    writer.write(Int32(clamping: age))
    writer.write(Int32(clamping: steps))
    writer.write(valueWeight)
    writer.write(factorWeight)
    guards.encode(into: &writer)
    profile.encode(into: &writer)
    noise.encode(into: &writer)
    windows.encode(into: &writer, reach: windowReach)
    scales.encode(into: &writer)
    zeros.encode(into: &writer, hasWeek: granularity == .day)
    drift.encode(into: &writer)
    shape.encode(into: &writer)
    ties.encode(into: &writer)
    writer.write(UInt8(recent.count))
    for value in recent.oldestFirst { writer.write(value) }
  }

  func decode(from reader: inout StateReader) throws(BaselineError) {
    age = Int(try reader.integer(Int32.self))
    steps = Int(try reader.integer(Int32.self))
    guard age >= 0, steps >= age else { throw BaselineError(.damaged, "counts out of order") }
    valueWeight = try reader.finite()
    factorWeight = try reader.finite()
    try guards.decode(from: &reader)
    try profile.decode(from: &reader)
    try noise.decode(from: &reader)
    try windows.decode(from: &reader, reach: windowReach)
    try scales.decode(from: &reader)
    try zeros.decode(from: &reader, hasWeek: granularity == .day)
    try drift.decode(from: &reader)
    try shape.decode(from: &reader)
    try ties.decode(from: &reader)
    let count = Int(try reader.integer(UInt8.self))
    guard count <= RecentValues.capacity else {
      throw BaselineError(.damaged, "\(count) recent values")
    }
    var values: [Double] = []
    for _ in 0..<count { values.append(try reader.finite()) }
    recent = RecentValues(values)
  }
}

extension Guards {
  fileprivate func encode(into writer: inout StateWriter) {
    writer.write(step: fired)
    writer.write(UInt8((isUp ? 1 : 0) | (isSilent ? 2 : 0)))
    writer.write(Int32(clamping: anchor))
    writer.write(step: anchored)
    writer.write(Int32(clamping: maskedRun))
    writer.write(step: adopted)
  }

  fileprivate mutating func decode(from reader: inout StateReader) throws(BaselineError) {
    fired = try reader.step()
    let bits = try reader.integer(UInt8.self)
    isUp = bits & 1 != 0
    isSilent = bits & 2 != 0
    anchor = Int(try reader.integer(Int32.self))
    anchored = try reader.step()
    maskedRun = Int(try reader.integer(Int32.self))
    guard maskedRun >= 0 else { throw BaselineError(.damaged, "a count below zero") }
    adopted = try reader.step()
  }
}
