/// Writes numbers as little-endian bytes.
struct StateWriter {
  private(set) var bytes: [UInt8] = []

  init(capacity: Int) { bytes.reserveCapacity(capacity) }

  mutating func write<Integer: FixedWidthInteger>(_ integer: Integer) {
    withUnsafeBytes(of: integer.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func write(_ number: Double) { write(number.bitPattern) }

  mutating func write(_ number: Float) { write(number.bitPattern) }

  /// Writes a step, or that there is none.
  mutating func write(step: Int?) { write(step.map { Int32(clamping: $0) } ?? Int32.min) }

  mutating func write(_ column: [Float]) {
    for number in column { write(number) }
  }
}

/// Reads what ``StateWriter`` wrote.
struct StateReader {
  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { place == bytes.count }

  mutating func integer<Integer: FixedWidthInteger>(
    _ type: Integer.Type
  ) throws(BaselineError) -> Integer {
    let size = MemoryLayout<Integer>.size
    guard bytes.count - place >= size else {
      throw BaselineError(.damaged, "state ends after \(bytes.count) bytes")
    }
    defer { place += size }
    return bytes.withUnsafeBytes { raw in
      Integer(littleEndian: raw.loadUnaligned(fromByteOffset: place, as: Integer.self))
    }
  }

  mutating func double() throws(BaselineError) -> Double {
    Double(bitPattern: try integer(UInt64.self))
  }

  mutating func finite() throws(BaselineError) -> Double {
    let number = try double()
    guard number.isFinite else { throw BaselineError(.damaged, "state holds no number") }
    return number
  }

  /// Reads a step, or nil for none.
  mutating func step() throws(BaselineError) -> Int? {
    let step = try integer(Int32.self)
    return step == .min ? nil : Int(step)
  }

  /// Reads a number; NaN stands for one that is missing.
  mutating func float() throws(BaselineError) -> Float {
    let number = Float(bitPattern: try integer(UInt32.self))
    guard !number.isInfinite else { throw BaselineError(.damaged, "state holds no number") }
    return number
  }

  /// Reads so many numbers; NaN stands for those that are missing.
  mutating func floats(_ count: Int) throws(BaselineError) -> [Float] {
    var numbers: [Float] = []
    for _ in 0..<count { numbers.append(try float()) }
    return numbers
  }

  /// Fills a column; NaN stands for what is missing.
  mutating func read(_ column: inout [Float]) throws(BaselineError) {
    for place in column.indices { column[place] = try float() }
  }
}
