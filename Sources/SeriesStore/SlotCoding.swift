public import SeriesModel

/// The bytes of a chunk: one little-endian double a bucket and metric.
///
/// The values of one bucket stand side by side, in the order of the metrics' numbers.
public enum SlotCoding {
  /// The pattern that means missing: a quiet NaN that no arithmetic gives.
  public static let missingPattern: UInt64 = 0x7FF8_5449_4445_4D4B

  /// The value that means missing.
  public static let missing = Double(bitPattern: missingPattern)

  /// A chunk of one metric without a value.
  public static func blank(_ granularity: Granularity) -> [UInt8] {
    blank(count: granularity.slotsPerChunk)
  }

  /// So many missing values.
  static func blank(count: Int) -> [UInt8] { bytes(repeatElement(missing, count: count)) }

  /// The bytes of values.
  static func bytes(_ values: some Collection<Double>) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: values.count * 8) { bytes, used in
      let raw = UnsafeMutableRawBufferPointer(bytes)
      for value in values {
        raw.storeBytes(of: value.bitPattern.littleEndian, toByteOffset: used, as: UInt64.self)
        used += 8
      }
    }
  }

  /// The value at a place; a missing one is NaN.
  static func value(_ slots: UnsafeRawBufferPointer, _ place: Int) -> Double {
    let pattern = slots.loadUnaligned(fromByteOffset: place * 8, as: UInt64.self)
    return Double(bitPattern: UInt64(littleEndian: pattern))
  }

  static func put(_ value: Double, into slots: inout [UInt8], at place: Int) {
    slots.withUnsafeMutableBytes { bytes in
      bytes.storeBytes(
        of: value.bitPattern.littleEndian, toByteOffset: place * 8, as: UInt64.self)
    }
  }

  /// A chunk with room for more metrics, which have no value yet.
  static func widen(
    _ slots: [UInt8], _ granularity: Granularity, from old: LaneSet, to new: LaneSet
  ) -> [UInt8] {
    if old == new { return slots }
    var wide = blank(count: granularity.slotsPerChunk * new.count)
    for lane in 0..<MetricFamily.lanesLimit where old.contains(lane) {
      for slot in 0..<granularity.slotsPerChunk {
        let place = slot * old.count + old.place(lane)
        let held = slots.withUnsafeBytes { Self.value($0, place) }
        put(held, into: &wide, at: slot * new.count + new.place(lane))
      }
    }
    return wide
  }
}
