import Glibc

/// The bytes of one field of a line, which it does not own.
///
/// A file has millions of them, so they are neither copied nor wrapped in collections.
struct Field {
  let start: UnsafePointer<UInt8>
  let count: Int

  /// A byte by its place.
  @inline(__always)
  subscript(_ place: Int) -> UInt8 { start[place] }

  /// Whether it holds the same bytes.
  func equals(_ other: [UInt8]) -> Bool {
    guard count == other.count else { return false }
    return other.withUnsafeBytes { other in
      guard let base = other.baseAddress else { return true }
      return memcmp(start, base, count) == 0
    }
  }

  /// A copy of the bytes.
  var bytes: [UInt8] { Array(UnsafeBufferPointer(start: start, count: count)) }

  /// The bytes as text.
  var text: String {
    String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
  }

  /// Whether the bytes are UTF-8.
  var isText: Bool {
    String(validating: UnsafeBufferPointer(start: start, count: count), as: UTF8.self) != nil
  }

  /// The place of a byte from another place on, or nil.
  @inline(__always)
  func place(of byte: UInt8, from place: Int) -> Int? {
    guard place < count,
      let found = memchr(start + place, Int32(byte), count - place)
    else { return nil }
    return UnsafeRawPointer(found) - UnsafeRawPointer(start)
  }

  /// The number that ASCII digits write at some places, or nil.
  func digits(_ first: Int, _ count: Int) -> Int? {
    var number = 0
    var place = first
    while place < first + count {
      let byte = start[place]
      guard byte >= 48, byte <= 57 else { return nil }
      number = number * 10 + Int(byte &- 48)
      place += 1
    }
    return number
  }
}

/// Cuts one line of comma-separated values into fields without copying them.
struct FieldCutter {
  private var line: Field
  private var starts: [Int] = []
  private var ends: [Int] = []

  /// Begins without a line.
  init(_ line: Field) { self.line = line }

  /// How many fields the line has.
  var count: Int { starts.count }

  /// Whether the line is UTF-8.
  var isText: Bool { line.isText }

  /// A field.
  subscript(_ index: Int) -> Field {
    Field(start: line.start + starts[index], count: ends[index] - starts[index])
  }

  /// Cuts a line, which must outlive the fields; gives a fault in words.
  mutating func cut(_ text: Field) -> String? {
    line = text
    starts.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    if text.place(of: UInt8(ascii: "\""), from: 0) != nil { return cutQuoted() }
    var place = 0
    while true {
      starts.append(place)
      guard let comma = text.place(of: UInt8(ascii: ","), from: place) else { break }
      ends.append(comma)
      place = comma + 1
    }
    ends.append(text.count)
    return nil
  }

  /// Cuts a line with quotation marks, each of which stands around a whole field.
  private mutating func cutQuoted() -> String? {
    var place = 0
    while true {
      let isQuoted = place < line.count && line[place] == UInt8(ascii: "\"")
      let start = isQuoted ? place + 1 : place
      var end = start
      if isQuoted {
        guard let close = line.place(of: UInt8(ascii: "\""), from: start) else {
          return "a quotation mark is not closed"
        }
        end = close
        place = close + 1
        if place < line.count, line[place] != UInt8(ascii: ",") {
          return "something follows a closing quotation mark"
        }
      } else {
        end = line.place(of: UInt8(ascii: ","), from: start) ?? line.count
        if let mark = line.place(of: UInt8(ascii: "\""), from: start), mark < end {
          return "a quotation mark stands within a field"
        }
        place = end
      }
      starts.append(start)
      ends.append(end)
      if place >= line.count { return nil }
      place += 1
    }
  }
}
