extension StreamModel {
  /// The version of the bytes; others are refused, and the state is rebuilt from history.
  static let formatVersion: UInt8 = 1

  /// Stands for a bucket that there is none of.
  private static let noBucket = Int32.min

  /// The state as bytes: equal states give equal bytes.
  public var encoded: [UInt8] {
    var writer = StateWriter(capacity: 3_072)
    writer.write(Self.formatVersion)
    encode(into: &writer)
    return writer.bytes
  }

  func encode(into writer: inout StateWriter) {
    writer.write(lastBucket ?? Self.noBucket)
    writer.write(Int32(clamping: age))
    writer.write(Int32(clamping: quiet))
    writer.write(openingScore)
    writer.write(habit)
    for record in [longRun] + records {
      writer.write(record.count)
      for number in [record.mean, record.variance, record.highest, record.lowest] {
        writer.write(number)
      }
    }
    let kept = values.suffix(parameters.capacity)
    writer.write(UInt16(kept.count))
    for value in kept { writer.write(value) }
    for ring in [ringObserved, ringExpected] { ring.forEachOldestFirst { writer.write($0) } }
  }

  /// Reads a state back.
  ///
  /// - Throws: ``BaselineError`` when the bytes are of another version or damaged.
  public init(decoding bytes: [UInt8]) throws(BaselineError) {
    var reader = StateReader(bytes)
    let version = try reader.integer(UInt8.self)
    guard version == Self.formatVersion else {
      throw BaselineError(
        .otherVersion, "stream has version \(version), expected \(Self.formatVersion)")
    }
    self.init()
    try decode(from: &reader)
    guard reader.isAtEnd else {
      throw BaselineError(.damaged, "stream has bytes beyond its end")
    }
  }

  mutating func decode(from reader: inout StateReader) throws(BaselineError) {
    let bucket = try reader.integer(Int32.self)
    lastBucket = bucket == Self.noBucket ? nil : bucket
    age = Int(try reader.integer(Int32.self))
    quiet = Int(try reader.integer(Int32.self))
    openingScore = try reader.finite()
    habit = try reader.finite()
    longRun = try Self.record(&reader)
    for place in records.indices { records[place] = try Self.record(&reader) }
    let count = Int(try reader.integer(UInt16.self))
    guard age >= 0, quiet >= 0, count == min(age, parameters.capacity) else {
      throw BaselineError(.damaged, "\(count) values at the age of \(age)")
    }
    for _ in 0..<count { append(try reader.finite()) }
    for _ in 0..<ringObserved.count { ringObserved.push(try reader.double()) }
    for _ in 0..<ringExpected.count { ringExpected.push(try reader.double()) }
  }

  private static func record(_ reader: inout StateReader) throws(BaselineError) -> StreamRecord {
    var record = StreamRecord()
    record.count = try reader.integer(Int32.self)
    guard record.count >= 0 else { throw BaselineError(.damaged, "a count below zero") }
    record.mean = try reader.finite()
    record.variance = try reader.finite()
    record.highest = try reader.finite()
    record.lowest = try reader.finite()
    return record
  }
}
