import SeriesModel

extension SeriesBaseline {
  /// The version of the bytes; others are refused, and the state is rebuilt from history.
  static let formatVersion: UInt8 = 1

  /// Stands for a bucket that there is none of.
  private static let noBucket = Int32.min

  /// The state as bytes: equal states give equal bytes.
  public var encoded: [UInt8] {
    var writer = StateWriter(capacity: 2_048)
    writer.write(Self.formatVersion)
    writer.write(granularity.rawValue)
    writer.write(kind.rawValue)
    writer.write(UInt8(hurdle ? 1 : 0))
    for bucket in [firstBucket, lastBucket, guardBucket, reanchoredBucket] {
      writer.write(bucket ?? Self.noBucket)
    }
    writer.write(anchorBucket)
    for count in [age, maskedRun, sideRun, zeroRun] { writer.write(Int32(clamping: count)) }
    writer.write(history.value)
    for number in [
      valueWeight, factorWeight, excess, excessWeight, variance, calibration[0], calibration[1],
      zeroShare, expectedZeroShare, zeroWeight,
    ] {
      writer.write(number)
    }
    for column in [slotValue, slotLevel, factors] {
      for number in column { writer.write(number) }
    }
    for number in windowSquare { writer.write(number) }
    for number in windowRecord { writer.write(number) }
    for ring in pastDeviates { ring.forEachOldestFirst { writer.write($0) } }
    for ring in [ringObserved, ringExpected, ringLevel, ringClipped] {
      ring.forEachOldestFirst { writer.write($0) }
    }
    writer.write(UInt8(recent.values.count))
    for value in recent.values { writer.write(value) }
    return writer.bytes
  }

  /// Reads a state back.
  ///
  /// - Throws: ``BaselineError`` when the bytes are of another version or damaged.
  public init(decoding bytes: [UInt8]) throws(BaselineError) {
    var reader = StateReader(bytes)
    let version = try reader.integer(UInt8.self)
    guard version == Self.formatVersion else {
      throw BaselineError(
        .otherVersion, "state has version \(version), expected \(Self.formatVersion)")
    }
    guard let granularity = Granularity(rawValue: try reader.integer(UInt8.self)),
      let kind = MetricKind(rawValue: try reader.integer(UInt8.self))
    else { throw BaselineError(.damaged, "unknown granularity or kind") }
    self.init(kind: kind, granularity: granularity)
    hurdle = try reader.integer(UInt8.self) == 1
    firstBucket = try Self.bucket(&reader)
    lastBucket = try Self.bucket(&reader)
    guardBucket = try Self.bucket(&reader)
    reanchoredBucket = try Self.bucket(&reader)
    anchorBucket = try reader.integer(Int32.self)
    age = Int(try reader.integer(Int32.self))
    maskedRun = Int(try reader.integer(Int32.self))
    sideRun = Int(try reader.integer(Int32.self))
    zeroRun = Int(try reader.integer(Int32.self))
    guard age >= 0, maskedRun >= 0, zeroRun >= 0 else {
      throw BaselineError(.damaged, "a count below zero")
    }
    history = ContentHash(value: try reader.integer(UInt64.self))
    try readNumbers(&reader)
    guard reader.isAtEnd else {
      throw BaselineError(.damaged, "state has bytes beyond its end")
    }
  }

  private mutating func readNumbers(_ reader: inout StateReader) throws(BaselineError) {
    valueWeight = try reader.finite()
    factorWeight = try reader.finite()
    excess = try reader.finite()
    excessWeight = try reader.finite()
    variance = try reader.double()
    calibration = [try reader.finite(), try reader.finite()]
    zeroShare = try reader.finite()
    expectedZeroShare = try reader.finite()
    zeroWeight = try reader.finite()
    for slot in slotValue.indices { slotValue[slot] = try reader.float() }
    for slot in slotLevel.indices { slotLevel[slot] = try reader.float() }
    for slot in factors.indices { factors[slot] = try reader.float() }
    for place in windowSquare.indices { windowSquare[place] = try reader.finite() }
    for place in windowRecord.indices { windowRecord[place] = try reader.finite() }
    for place in pastDeviates.indices {
      for _ in 0..<Self.delay { pastDeviates[place].push(try reader.integer(Int16.self)) }
    }
    for _ in 0..<ringObserved.count { ringObserved.push(try reader.double()) }
    for _ in 0..<ringExpected.count { ringExpected.push(try reader.double()) }
    for _ in 0..<ringLevel.count { ringLevel.push(try reader.double()) }
    for _ in 0..<ringClipped.count { ringClipped.push(try reader.double()) }
    let count = Int(try reader.integer(UInt8.self))
    guard count <= RecentValues.capacity else {
      throw BaselineError(.damaged, "\(count) recent values")
    }
    var values: [Double] = []
    for _ in 0..<count { values.append(try reader.finite()) }
    recent = RecentValues(values)
  }

  private static func bucket(_ reader: inout StateReader) throws(BaselineError) -> Int32? {
    let bucket = try reader.integer(Int32.self)
    return bucket == noBucket ? nil : bucket
  }
}
