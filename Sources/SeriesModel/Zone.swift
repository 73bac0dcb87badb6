/// The offsets of a time zone from UTC, past and future.
///
/// Read from the compiled form of the IANA database (TZif, RFC 9636), whose bytes the caller
/// supplies.
public struct Zone: Sendable, Hashable {
  /// The IANA name, such as "Europe/Berlin".
  public let name: String

  private let transitions: [Int64]
  private let offsets: [Int32]
  private let firstOffset: Int32
  private let rule: ZoneRule?

  /// The zone without an offset.
  public static let utc = Zone(name: "UTC", transitions: [], offsets: [], firstOffset: 0, rule: nil)

  private init(
    name: String, transitions: [Int64], offsets: [Int32], firstOffset: Int32, rule: ZoneRule?
  ) {
    self.name = name
    self.transitions = transitions
    self.offsets = offsets
    self.firstOffset = firstOffset
    self.rule = rule
  }

  /// Reads a TZif file of version 2 or later, or nil when the bytes are not one.
  public init?(name: String, tzif bytes: [UInt8]) {
    var reader = ZoneReader(bytes)
    // The first block has 32-bit times and is there for old readers only.
    guard let old = reader.header(), reader.skip(old.blockBytes(timeBytes: 4)),
      let header = reader.header(), header.typeCount > 0
    else { return nil }
    var transitions: [Int64] = []
    for _ in 0..<header.timeCount {
      guard let time = reader.integer(Int64.self) else { return nil }
      transitions.append(time)
    }
    var indices: [Int] = []
    for _ in 0..<header.timeCount {
      guard let index = reader.integer(UInt8.self), index < header.typeCount else { return nil }
      indices.append(Int(index))
    }
    var types: [Int32] = []
    for _ in 0..<header.typeCount {
      guard let offset = reader.integer(Int32.self), abs(Int(offset)) < 2 * 86_400, reader.skip(2)
      else { return nil }
      types.append(offset)
    }
    guard zip(transitions, transitions.dropFirst()).allSatisfy({ $0 < $1 }),
      reader.skip(header.tailBytes), let footer = reader.footer()
    else { return nil }
    self.init(
      name: name, transitions: transitions, offsets: indices.map { types[$0] },
      firstOffset: types[0], rule: ZoneRule(footer))
  }

  /// Seconds to add to UTC for local time at an instant.
  public func offsetSeconds(atUnixSecond second: Int64) -> Int64 {
    guard let last = transitions.last else {
      return rule?.offsetSeconds(atUnixSecond: second) ?? Int64(firstOffset)
    }
    if second >= last, let rule { return rule.offsetSeconds(atUnixSecond: second) }
    var low = 0
    var high = transitions.count
    while low < high {
      let middle = (low + high) / 2
      if transitions[middle] <= second { low = middle + 1 } else { high = middle }
    }
    return Int64(low == 0 ? firstOffset : offsets[low - 1])
  }

  /// The bucket that holds an instant: civil days and weeks by this zone's clock, hours and
  /// 5 minutes by UTC; nil outside the range of an index.
  public func bucket(_ granularity: Granularity, holdingUnixSecond second: Int64) -> Bucket? {
    switch granularity {
    case .hour, .fiveMinutes:
      return Bucket(granularity, holdingUnixSecond: second)
    case .day, .week:
      let local = second.addingReportingOverflow(offsetSeconds(atUnixSecond: second))
      return local.overflow ? nil : Bucket(granularity, holdingUnixSecond: local.partialValue)
    }
  }
}

/// Walks through a TZif file.
private struct ZoneReader {
  struct Header {
    let isUTCCount, isStandardCount, leapCount, timeCount, typeCount, nameBytes: Int

    func blockBytes(timeBytes: Int) -> Int {
      timeCount * (timeBytes + 1) + typeCount * 6 + nameBytes + leapCount * (timeBytes + 4)
        + isStandardCount + isUTCCount
    }

    /// What follows the types in a block with 64-bit times.
    var tailBytes: Int { nameBytes + leapCount * 12 + isStandardCount + isUTCCount }
  }

  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func integer<Number: FixedWidthInteger>(_ type: Number.Type) -> Number? {
    let size = Number.bitWidth / 8
    guard place + size <= bytes.count else { return nil }
    var number: Number = 0
    for byte in bytes[place..<place + size] {
      number = number << 8 | Number(truncatingIfNeeded: byte)
    }
    place += size
    return number
  }

  mutating func skip(_ count: Int) -> Bool {
    guard count >= 0, place + count <= bytes.count else { return false }
    place += count
    return true
  }

  mutating func header() -> Header? {
    guard let magic = integer(UInt32.self), magic == 0x545A_6966,
      let version = integer(UInt8.self), version >= UInt8(ascii: "2"), skip(15)
    else { return nil }
    var counts: [Int] = []
    for _ in 0..<6 {
      guard let count = integer(UInt32.self), count < 1 << 20 else { return nil }
      counts.append(Int(count))
    }
    return Header(
      isUTCCount: counts[0], isStandardCount: counts[1], leapCount: counts[2],
      timeCount: counts[3], typeCount: counts[4], nameBytes: counts[5])
  }

  /// The rule between two line feeds at the end; empty when there is none.
  mutating func footer() -> ArraySlice<UInt8>? {
    guard place < bytes.count, bytes[place] == UInt8(ascii: "\n"),
      let end = bytes[(place + 1)...].firstIndex(of: UInt8(ascii: "\n"))
    else { return nil }
    return bytes[place + 1..<end]
  }
}
