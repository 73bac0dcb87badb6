/// The answer of a statement, copied out of libpq.
public struct PostgresRows: Sendable, RandomAccessCollection {
  /// How many columns each row has.
  public let columns: Int

  /// How many rows a changing statement touched, or a query returned.
  public let affected: Int

  /// How many rows there are.
  public let count: Int

  let content: [UInt8]
  let fields: [Field]

  /// Where one field lies in the content; a negative length is null.
  struct Field: Sendable {
    let offset: Int
    let length: Int
  }

  /// The first row's place.
  public var startIndex: Int { 0 }

  /// The place after the last row.
  public var endIndex: Int { count }

  /// One row.
  public subscript(position: Int) -> PostgresRow {
    precondition(position >= 0 && position < count, "no such row")
    return PostgresRow(rows: self, index: position)
  }

  /// The first of the rows when there is exactly one, as an aggregate or `RETURNING` gives.
  public var single: PostgresRow {
    precondition(count == 1, "a statement that gives one row gave \(count)")
    return self[0]
  }
}

/// One row of an answer, its fields by column number from 0.
///
/// A field of another type than asked for, or null where no optional was asked for, is a fault of
/// the statement beside the call, hence a precondition.
public struct PostgresRow: Sendable {
  let rows: PostgresRows
  let index: Int

  /// Whether the field is null.
  public func isNull(_ column: Int) -> Bool { field(column).length < 0 }

  /// A whole number of 2, 4 or 8 bytes.
  public func int64(_ column: Int) -> Int64 {
    withBytes(column) { bytes in
      switch bytes.count {
      case 8: return Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
      case 4: return Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
      case 2: return Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
      default: preconditionFailure("column \(column) is no whole number")
      }
    }
  }

  /// A whole number that fits 32 bits.
  public func int32(_ column: Int) -> Int32 { Int32(int64(column)) }

  /// A whole number as Swift counts.
  public func int(_ column: Int) -> Int { Int(int64(column)) }

  /// A whole number, or nil for null.
  public func optionalInt64(_ column: Int) -> Int64? { isNull(column) ? nil : int64(column) }

  /// A floating-point number.
  public func double(_ column: Int) -> Double {
    withBytes(column) { bytes in
      switch bytes.count {
      case 8: return Double(bitPattern: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)))
      case 4:
        return Double(
          Float(bitPattern: UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self))))
      default: preconditionFailure("column \(column) is no floating-point number")
      }
    }
  }

  /// A floating-point number, or nil for null.
  public func optionalDouble(_ column: Int) -> Double? { isNull(column) ? nil : double(column) }

  /// True or false.
  public func bool(_ column: Int) -> Bool {
    withBytes(column) { bytes in
      precondition(bytes.count == 1, "column \(column) is no truth value")
      return bytes[0] != 0
    }
  }

  /// Text.
  public func text(_ column: Int) -> String {
    withBytes(column) { String(decoding: $0, as: UTF8.self) }
  }

  /// Text, or nil for null.
  public func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }

  /// Bytes.
  public func bytes(_ column: Int) -> [UInt8] { withBytes(column) { Array($0) } }

  /// Bytes, or nil for null.
  public func optionalBytes(_ column: Int) -> [UInt8]? { isNull(column) ? nil : bytes(column) }

  /// A UUID.
  public func uuid(_ column: Int) -> PostgresUUID {
    withBytes(column) { bytes in
      precondition(bytes.count == 16, "column \(column) is no UUID")
      return PostgresUUID(
        high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
        low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
  }

  /// A UUID, or nil for null.
  public func optionalUUID(_ column: Int) -> PostgresUUID? { isNull(column) ? nil : uuid(column) }

  /// A moment, in microseconds since 1970.
  public func timestamp(_ column: Int) -> Int64 {
    int64(column) + PostgresValue.epochUnixMicroseconds
  }

  /// A moment, or nil for null.
  public func optionalTimestamp(_ column: Int) -> Int64? {
    isNull(column) ? nil : timestamp(column)
  }

  /// Lends the bytes of a field that is not null.
  public func withBytes<Result>(
    _ column: Int, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    let field = field(column)
    precondition(field.length >= 0, "column \(column) is null")
    return try rows.content.withUnsafeBytes { content in
      try body(
        UnsafeRawBufferPointer(rebasing: content[field.offset..<field.offset + field.length]))
    }
  }

  private func field(_ column: Int) -> PostgresRows.Field {
    precondition(column >= 0 && column < rows.columns, "no column \(column)")
    return rows.fields[index * rows.columns + column]
  }
}

extension PostgresRow {
  /// An array of whole numbers of 2, 4 or 8 bytes, without nulls.
  public func int64Array(_ column: Int) -> [Int64] {
    elements(column) { bytes in
      switch bytes.count {
      case 8: Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
      case 4: Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
      default: Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
      }
    }
  }

  /// An array of floating-point numbers, without nulls.
  public func doubleArray(_ column: Int) -> [Double] {
    elements(column) { bytes in
      Double(bitPattern: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)))
    }
  }

  /// An array of texts, without nulls.
  public func textArray(_ column: Int) -> [String] {
    elements(column) { String(decoding: $0, as: UTF8.self) }
  }

  private func elements<Element>(
    _ column: Int, _ decode: (UnsafeRawBufferPointer) -> Element
  ) -> [Element] {
    withBytes(column) { bytes in
      func number(_ offset: Int) -> Int {
        Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
      }
      let dimensions = number(0)
      if dimensions == 0 { return [] }
      precondition(dimensions == 1 && number(4) == 0, "column \(column) is no plain array")
      var out: [Element] = []
      out.reserveCapacity(number(12))
      var offset = 20
      for _ in 0..<number(12) {
        let length = number(offset)
        offset += 4
        out.append(decode(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])))
        offset += length
      }
      return out
    }
  }
}
