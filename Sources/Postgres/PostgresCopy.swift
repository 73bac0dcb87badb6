internal import CPostgres
internal import Glibc

/// Takes rows in the binary form of `COPY … FROM STDIN BINARY` and sends them in large pieces.
///
/// Fields go in the order of the columns, after ``beginRow(columns:)`` has said how many come.
public struct PostgresCopyWriter: ~Copyable {
  /// A piece is sent once it holds this many bytes.
  private static let pieceBytes = 1 << 18

  private let session: OpaquePointer
  private var buffer: UnsafeMutableRawBufferPointer
  private var used = 0
  private(set) var hasFailed = false

  init(session: OpaquePointer) {
    self.session = session
    buffer = .allocate(byteCount: Self.pieceBytes + 4_096, alignment: 16)
    // The signature, no flags, no extension.
    append([0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00])
    append([UInt8](repeating: 0, count: 8))
  }

  deinit { buffer.deallocate() }

  /// Begins a row of so many fields.
  public mutating func beginRow(columns: Int) {
    if used >= Self.pieceBytes { send() }
    put(Int16(columns))
  }

  /// Appends a null.
  public mutating func null() { put(Int32(-1)) }

  /// Appends a 16-bit number.
  public mutating func int16(_ value: Int16) {
    put(Int32(2))
    put(value)
  }

  /// Appends a 32-bit number.
  public mutating func int32(_ value: Int32) {
    put(Int32(4))
    put(value)
  }

  /// Appends a 64-bit number.
  public mutating func int64(_ value: Int64) {
    put(Int32(8))
    put(value)
  }

  /// Appends a floating-point number.
  public mutating func double(_ value: Double) {
    put(Int32(8))
    put(value.bitPattern)
  }

  /// Appends a UUID.
  public mutating func uuid(high: UInt64, low: UInt64) {
    put(Int32(16))
    put(high)
    put(low)
  }

  /// Appends text.
  public mutating func text(_ value: String) {
    var value = value
    value.withUTF8 { bytes(UnsafeRawBufferPointer($0)) }
  }

  /// Appends bytes.
  public mutating func bytes(_ value: UnsafeRawBufferPointer) {
    put(Int32(value.count))
    append(value)
  }

  /// Appends so many bytes that the body writes.
  public mutating func bytes(count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Void) {
    put(Int32(count))
    reserve(count)
    body(UnsafeMutableRawBufferPointer(rebasing: buffer[used..<used + count]))
    used += count
  }

  private mutating func put<Number: FixedWidthInteger>(_ number: Number) {
    reserve(MemoryLayout<Number>.size)
    buffer.storeBytes(of: number.bigEndian, toByteOffset: used, as: Number.self)
    used += MemoryLayout<Number>.size
  }

  private mutating func append(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { append($0) }
  }

  private mutating func append(_ bytes: UnsafeRawBufferPointer) {
    reserve(bytes.count)
    UnsafeMutableRawBufferPointer(rebasing: buffer[used...]).copyMemory(from: bytes)
    used += bytes.count
  }

  private mutating func reserve(_ count: Int) {
    if used + count <= buffer.count { return }
    let larger = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(buffer.count * 2, used + count), alignment: 16)
    larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<used]))
    buffer.deallocate()
    buffer = larger
  }

  private mutating func send() {
    defer { used = 0 }
    // After a failure the rest is swallowed; the error comes out at the end of the copy.
    if hasFailed || used == 0 { return }
    let bytes = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
    hasFailed = PQputCopyData(session, bytes, Int32(used)) != 1
  }

  mutating func finish() {
    put(Int16(-1))
    send()
  }
}

/// One row of a `COPY … TO STDOUT BINARY`, its fields read from the left.
public struct PostgresCopyReader: ~Copyable {
  private let bytes: UnsafeRawBufferPointer
  private var offset: Int

  /// How many fields the row has.
  public let columns: Int

  init(row: UnsafeRawBufferPointer) {
    bytes = row
    columns = Int(Int16(bigEndian: row.loadUnaligned(as: Int16.self)))
    offset = 2
  }

  /// Lends the next field's bytes, or nil for null.
  public mutating func next<Result>(
    _ body: (UnsafeRawBufferPointer?) throws -> Result
  ) rethrows -> Result {
    let length = Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
    offset += 4
    if length < 0 { return try body(nil) }
    defer { offset += length }
    return try body(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length]))
  }

  /// The next field as a 32-bit number.
  public mutating func int32() -> Int32 {
    next { Int32(bigEndian: Self.expect($0, 4).loadUnaligned(as: Int32.self)) }
  }

  /// The next field as a 64-bit number.
  public mutating func int64() -> Int64 {
    next { Int64(bigEndian: Self.expect($0, 8).loadUnaligned(as: Int64.self)) }
  }

  /// The next field as a floating-point number.
  public mutating func double() -> Double { Double(bitPattern: UInt64(bitPattern: int64())) }

  /// The next field as a UUID.
  public mutating func uuid() -> PostgresUUID {
    next { field in
      let bytes = Self.expect(field, 16)
      return PostgresUUID(
        high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
        low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
  }

  private static func expect(
    _ field: UnsafeRawBufferPointer?, _ count: Int
  ) -> UnsafeRawBufferPointer {
    guard let field, field.count == count else {
      preconditionFailure("a copied field is not of \(count) bytes")
    }
    return field
  }
}

extension PostgresConnection {
  /// Runs `COPY … FROM STDIN BINARY` with the rows that the body writes.
  ///
  /// An error thrown by the body ends the copy and undoes it with its transaction.
  ///
  /// - Returns: How many rows were copied.
  @discardableResult
  public func copyIn(
    _ statement: PostgresStatement, _ body: (inout PostgresCopyWriter) throws -> Void
  ) throws -> Int {
    // The body's own error crosses the typed rim of `inFlight` in this variable.
    var bodyError: (any Error)?
    let copied = try inFlight { session throws(PostgresError) -> Int in
      try session.begin(statement, expecting: PGRES_COPY_IN)
      var writer = PostgresCopyWriter(session: session.handle)
      do {
        try body(&writer)
        writer.finish()
      } catch {
        bodyError = error
      }
      let reason = bodyError == nil ? nil : "ended by the client"
      let ended = PQputCopyEnd(session.handle, reason)
      let outcome = session.drain()
      if bodyError != nil { return 0 }
      if let failure = outcome.failure { throw failure }
      if ended != 1 || writer.hasFailed { throw session.failure(nil) }
      return outcome.rows
    }
    if let bodyError { throw bodyError }
    return copied
  }

  /// Runs `COPY … TO STDOUT BINARY` and lends each row to the body.
  ///
  /// - Throws: The body's error, after the rest of the rows has been thrown away, or
  ///   ``PostgresError``.
  public func copyOut(
    _ statement: PostgresStatement, _ body: (inout PostgresCopyReader) throws -> Void
  ) throws {
    var bodyError: (any Error)?
    try inFlight { session throws(PostgresError) in
      try session.begin(statement, expecting: PGRES_COPY_OUT)
      // The first message carries the 19 bytes of the file's header before its row.
      var skip = 19
      var message: UnsafeMutablePointer<CChar>?
      var length = PQgetCopyData(session.handle, &message, 0)
      while length > 0 {
        let whole = UnsafeRawBufferPointer(start: message, count: Int(length))
        let row = UnsafeRawBufferPointer(rebasing: whole[min(skip, whole.count)...])
        skip = 0
        let isTrailer = row.count < 2 || row.loadUnaligned(as: Int16.self) == -1
        if !isTrailer, bodyError == nil {
          var reader = PostgresCopyReader(row: row)
          do { try body(&reader) } catch { bodyError = error }
        }
        PQfreemem(message)
        length = PQgetCopyData(session.handle, &message, 0)
      }
      if let failure = session.drain().failure { throw failure }
    }
    if let bodyError { throw bodyError }
  }
}

extension PostgresSession {
  fileprivate func begin(
    _ statement: PostgresStatement, expecting kind: ExecStatusType
  ) throws(PostgresError) {
    let result = PQexec(handle, statement.sql)
    defer { PQclear(result) }
    try check(result, expecting: [kind])
  }

  /// Takes all that is left of an answer.
  fileprivate func drain() -> (rows: Int, failure: PostgresError?) {
    var rows = 0
    var failure: PostgresError?
    while let result = PQgetResult(handle) {
      defer { PQclear(result) }
      if PQresultStatus(result) == PGRES_COMMAND_OK {
        rows = PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
      } else if failure == nil {
        failure = self.failure(result)
      }
      if !isUsable { break }
    }
    return (rows, failure)
  }
}
