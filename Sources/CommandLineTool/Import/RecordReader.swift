/// One record of a file, or what is wrong with it.
enum FileRecord: Equatable {
  /// The fields, with the number of the line on which the record begins, from 1.
  case fields(line: Int, [String])
  /// A record that cannot be read; the next one can.
  case fault(line: Int, String)
}

/// Reads comma-separated values as RFC 4180 has them, one record at a time.
///
/// Records end with a line feed, with or without a carriage return before it. A field in quotation
/// marks may hold commas, line breaks and doubled quotation marks. Empty lines are passed over.
struct RecordReader {
  /// The longest record, in bytes.
  static let recordBytesLimit = 65_536

  private let source: ByteSource
  private var piece: [UInt8] = []
  private var place = 0
  private var line = 1
  private var isAtEnd = false

  /// Reads what a source gives.
  init(_ source: ByteSource) { self.source = source }

  /// Bytes of the file that were taken so far, for a progress bar.
  var bytesRead: Int64 { source.bytesRead - Int64(piece.count - place) }

  private enum Place {
    case fieldStart, bare, quoted, afterQuote
  }

  /// The next record, or nil at the end.
  mutating func next() throws(CommandError) -> FileRecord? {
    var fields: [String] = []
    var field: [UInt8] = []
    var state = Place.fieldStart
    var start = line
    var size = 0
    var fault: String?
    while let byte = try nextByte() {
      size += 1
      if byte == UInt8(ascii: "\n") {
        line += 1
        if state != .quoted {
          if field.last == UInt8(ascii: "\r"), state == .bare { field.removeLast() }
          if fields.isEmpty && field.isEmpty && fault == nil && state != .afterQuote {
            start = line
            size = 0
            state = .fieldStart
            continue
          }
          return finish(&fields, field, start, fault)
        }
      }
      if size > Self.recordBytesLimit {
        fault = fault ?? "the record is longer than \(Self.recordBytesLimit) bytes"
        // Without the end of the record no quotation mark can be trusted: go on at the next line.
        state = .bare
        field.removeAll(keepingCapacity: true)
        fields.removeAll()
        continue
      }
      switch (state, byte) {
      case (.quoted, UInt8(ascii: "\"")): state = .afterQuote
      case (.quoted, _): field.append(byte)
      case (.fieldStart, UInt8(ascii: "\"")): state = .quoted
      case (_, UInt8(ascii: ",")):
        add(field, to: &fields, &fault)
        field.removeAll(keepingCapacity: true)
        state = .fieldStart
      case (.afterQuote, UInt8(ascii: "\"")):
        field.append(byte)
        state = .quoted
      case (.afterQuote, UInt8(ascii: "\r")): break
      case (.afterQuote, _):
        fault = fault ?? "something follows a closing quotation mark"
        state = .bare
      case (.bare, UInt8(ascii: "\"")):
        fault = fault ?? "a quotation mark stands in the middle of a field"
      default:
        field.append(byte)
        state = .bare
      }
    }
    if state == .quoted { fault = fault ?? "a quotation mark is not closed" }
    guard !fields.isEmpty || !field.isEmpty || fault != nil || state == .afterQuote else {
      return nil
    }
    return finish(&fields, field, start, fault)
  }

  private func finish(
    _ fields: inout [String], _ field: [UInt8], _ start: Int, _ known: String?
  ) -> FileRecord {
    var fault = known
    add(field, to: &fields, &fault)
    return fault.map { .fault(line: start, $0) } ?? .fields(line: start, fields)
  }

  private func add(_ field: [UInt8], to fields: inout [String], _ fault: inout String?) {
    guard let text = String(validating: field, as: UTF8.self) else {
      fault = fault ?? "field \(fields.count + 1) is not UTF-8"
      return
    }
    if field.contains(0) { fault = fault ?? "field \(fields.count + 1) holds a NUL byte" }
    fields.append(text)
  }

  private mutating func nextByte() throws(CommandError) -> UInt8? {
    if place < piece.count {
      defer { place += 1 }
      return piece[place]
    }
    guard !isAtEnd else { return nil }
    piece = try source.next()
    place = 0
    isAtEnd = piece.isEmpty
    // A byte order mark is no part of the first field.
    if line == 1, source.bytesRead == Int64(piece.count), piece.starts(with: [0xEF, 0xBB, 0xBF]) {
      place = 3
    }
    guard place < piece.count else { return isAtEnd ? nil : try nextByte() }
    defer { place += 1 }
    return piece[place]
  }
}
