public import SeriesModel

/// The bytes of a chunk: one little-endian double a bucket.
public enum SlotCoding {
  /// The pattern that means missing: a quiet NaN that no arithmetic gives.
  public static let missingPattern: UInt64 = 0x7FF8_5449_4445_4D4B

  /// The value that means missing.
  public static let missing = Double(bitPattern: missingPattern)

  /// A chunk without a value.
  public static func blank(_ granularity: Granularity) -> [UInt8] {
    var slots: [UInt8] = []
    slots.reserveCapacity(granularity.slotsPerChunk * 8)
    for _ in 0..<granularity.slotsPerChunk {
      withUnsafeBytes(of: missingPattern.littleEndian) { slots.append(contentsOf: $0) }
    }
    return slots
  }

  /// The value of a slot; a missing one is NaN.
  static func value(_ slots: UnsafeRawBufferPointer, _ slot: Int) -> Double {
    let pattern = slots.loadUnaligned(fromByteOffset: slot * 8, as: UInt64.self)
    return Double(bitPattern: UInt64(littleEndian: pattern))
  }

  static func put(_ value: Double, into slots: inout [UInt8], at slot: Int) {
    slots.withUnsafeMutableBytes { bytes in
      bytes.storeBytes(
        of: value.bitPattern.littleEndian, toByteOffset: slot * 8, as: UInt64.self)
    }
  }
}
