internal import CPostgres
internal import Glibc

/// One libpq connection, closed with its last reference.
///
/// Only its connection's thread touches it.
final class PostgresSession {
  let handle: OpaquePointer
  private let place: String
  private var uses: [UInt: Int] = [:]
  private var prepared: [UInt: String] = [:]

  /// A statement is prepared on the server at its third use; one-off texts are not worth it.
  private static let usesBeforePreparing = 2

  /// The most statements one session keeps prepared.
  private static let preparedLimit = 512

  /// Connects and sets up the session.
  ///
  /// - Throws: ``PostgresError`` with `configuration`, `unreachable`, `authentication` or
  ///   `noSuchDatabase`.
  init(configuration: PostgresConfiguration) throws(PostgresError) {
    _ = try configuration.settings()
    place = configuration.place
    handle = try Self.connect(configuration, place: place)
    PQsetErrorVerbosity(handle, PQERRORS_DEFAULT)
    PQsetNoticeReceiver(handle, { _, _ in }, nil)
    try script(
      "SET client_min_messages = warning; SET timezone = 'UTC';"
        + " SET statement_timeout = \(configuration.statementTimeoutMilliseconds)")
  }

  deinit { PQfinish(handle) }

  /// Whether another statement can be sent.
  var isUsable: Bool { PQstatus(handle) == CONNECTION_OK }

  func cancelHandle() -> OpaquePointer? { PQgetCancel(handle) }

  /// Runs one statement with binary parameters and a binary answer.
  func execute(
    _ statement: PostgresStatement, _ parameters: [PostgresValue]
  ) throws(PostgresError) -> PostgresRows {
    precondition(parameters.count <= 65_535, "too many parameters")
    var buffer = ParameterBuffer()
    var spans: [(offset: Int, length: Int?)] = []
    spans.reserveCapacity(parameters.count)
    for parameter in parameters {
      let offset = buffer.bytes.count
      spans.append((offset, buffer.append(parameter)))
    }
    buffer.append(UInt8(0))  // so that the base address exists
    let types = parameters.map(\.typeNumber)
    let name = try preparedName(of: statement, types: types)
    let result = buffer.bytes.withUnsafeBytes { raw -> OpaquePointer? in
      let base = raw.baseAddress?.assumingMemoryBound(to: CChar.self)
      let values = spans.map { span in span.length == nil ? nil : base?.advanced(by: span.offset) }
      let lengths = spans.map { Int32($0.length ?? 0) }
      let formats = [Int32](repeating: 1, count: spans.count)
      let count = Int32(spans.count)
      if let name {
        return PQexecPrepared(handle, name, count, values, lengths, formats, 1)
      }
      return PQexecParams(handle, statement.sql, count, types, values, lengths, formats, 1)
    }
    defer { PQclear(result) }
    try check(result, expecting: [PGRES_COMMAND_OK, PGRES_TUPLES_OK])
    return Self.rows(of: result)
  }

  /// Runs text without parameters and returns the last command's tag.
  @discardableResult
  func script(_ text: String) throws(PostgresError) -> String {
    let result = PQexec(handle, text)
    defer { PQclear(result) }
    try check(result, expecting: [PGRES_COMMAND_OK, PGRES_TUPLES_OK])
    return result.flatMap { PQcmdStatus($0) }.map { String(cString: $0) } ?? ""
  }

  private func preparedName(
    of statement: PostgresStatement, types: [UInt32]
  ) throws(PostgresError) -> String? {
    if let name = prepared[statement.address] { return name }
    let used = uses[statement.address, default: 0]
    uses[statement.address] = used + 1
    // An untyped null would fix a type that the next value may not have.
    let isTyped = !types.contains(0)
    guard used >= Self.usesBeforePreparing, prepared.count < Self.preparedLimit, isTyped else {
      return nil
    }
    let name = "s\(prepared.count)"
    let result = PQprepare(handle, name, statement.sql, Int32(types.count), types)
    defer { PQclear(result) }
    try check(result, expecting: [PGRES_COMMAND_OK])
    prepared[statement.address] = name
    return name
  }

  /// Throws what the result says when it is not one of the expected kinds.
  func check(
    _ result: OpaquePointer?, expecting kinds: [ExecStatusType]
  ) throws(PostgresError) {
    if let result, kinds.contains(PQresultStatus(result)) { return }
    throw failure(result)
  }

  /// The error that a result, or without one the connection, speaks of.
  func failure(_ result: OpaquePointer?) -> PostgresError {
    func field(_ letter: Character) -> String? {
      guard let result, let code = letter.asciiValue else { return nil }
      return PQresultErrorField(result, Int32(code)).map { String(cString: $0) }
    }
    let state = field("C") ?? ""
    let message = result.flatMap { PQresultErrorMessage($0) } ?? PQerrorMessage(handle)
    let words = message.map { String(cString: $0) } ?? ""
    if !isUsable {
      return PostgresError(
        .connectionLost, sqlState: state, detail: "the session with \(place) broke",
        serverMessage: words)
    }
    let code = PostgresError.code(sqlState: state)
    let table = field("t").map { " on table \($0)" } ?? ""
    let column = field("c").map { " column \($0)" } ?? ""
    // Of a wrong statement the server quotes names and SQL; values travel apart from both.
    let fault = code == .statement ? ": " + (field("M") ?? "") : ""
    return PostgresError(
      code, sqlState: state, constraint: field("n"),
      detail: "refused\(table)\(column) by \(place)\(fault)", serverMessage: words)
  }

  private static func rows(of result: OpaquePointer?) -> PostgresRows {
    let count = PQntuples(result)
    let columns = PQnfields(result)
    var fields: [PostgresRows.Field] = []
    fields.reserveCapacity(Int(count) * Int(columns))
    var content: [UInt8] = []
    for row in 0..<count {
      for column in 0..<columns {
        if PQgetisnull(result, row, column) == 1 {
          fields.append(.init(offset: 0, length: -1))
          continue
        }
        let length = Int(PQgetlength(result, row, column))
        fields.append(.init(offset: content.count, length: length))
        content.append(
          contentsOf: UnsafeRawBufferPointer(
            start: PQgetvalue(result, row, column), count: length))
      }
    }
    let touched = PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? Int(count)
    return PostgresRows(
      columns: Int(columns), affected: touched, count: Int(count), content: content,
      fields: fields)
  }
}

extension PostgresSession {
  /// Connects without libpq's blocking call, so that errors carry their state and the time limit
  /// is ours.
  private static func connect(
    _ configuration: PostgresConfiguration, place: String
  ) throws(PostgresError) -> OpaquePointer {
    // What stands before the address can be set otherwise in it. A peer that is gone without a
    // word is noticed within a minute, not within hours.
    let keywords = [
      "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout", "dbname",
      "application_name", "client_encoding",
    ]
    let values = [
      "30", "10", "3", "60000", configuration.url, configuration.applicationName, "UTF8",
    ]
    let started = withCStrings(keywords) { keywords in
      withCStrings(values) { values in PQconnectStartParams(keywords, values, 1) }
    }
    guard let handle = started else {
      throw PostgresError(.exhausted, detail: "no memory for a connection")
    }
    PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
    if PQstatus(handle) != CONNECTION_BAD, poll(handle, configuration) { return handle }
    let message = PQerrorMessage(handle).map { String(cString: $0) } ?? ""
    PQfinish(handle)
    throw connectFailure(message, place: place)
  }

  private static func poll(
    _ handle: OpaquePointer, _ configuration: PostgresConfiguration
  ) -> Bool {
    let deadline = ContinuousClock.now + .milliseconds(configuration.connectTimeoutMilliseconds)
    var wanted = Int16(POLLOUT)
    while true {
      let left = ContinuousClock.now.duration(to: deadline)
      let milliseconds =
        left.components.seconds * 1_000
        + left.components.attoseconds / 1_000_000_000_000_000
      if milliseconds <= 0 { return false }
      var descriptor = pollfd(fd: PQsocket(handle), events: wanted, revents: 0)
      let ready = Glibc.poll(&descriptor, 1, Int32(clamping: milliseconds))
      if ready == 0 { return false }
      if ready < 0, errno == EINTR { continue }
      switch PQconnectPoll(handle) {
      case PGRES_POLLING_OK: return true
      case PGRES_POLLING_READING: wanted = Int16(POLLIN)
      case PGRES_POLLING_WRITING: wanted = Int16(POLLOUT)
      default: return false
      }
    }
  }

  private static func connectFailure(_ message: String, place: String) -> PostgresError {
    let state = serverState(in: message)
    var code = PostgresError.Code.unreachable
    if let state {
      code = PostgresError.code(sqlState: state)
      if code == .connectionLost { code = .unreachable }
    } else if message.contains("password") {
      // libpq itself says so when a password is asked for and none is given.
      code = .authentication
    }
    let verb =
      switch code {
      case .authentication: "role or password refused by"
      case .noSuchDatabase: "no such database at"
      case .exhausted: "no connection left at"
      default: "cannot reach"
      }
    return PostgresError(
      code, sqlState: state ?? "", detail: "\(verb) \(place)", serverMessage: message)
  }

  /// The five characters in `FATAL:  28P01: password …`.
  private static func serverState(in message: String) -> String? {
    for part in message.split(separator: ":") {
      let word = part.drop { $0 == " " }
      let isState =
        word.count == 5 && word.allSatisfy { $0.isASCII && ($0.isNumber || $0.isUppercase) }
      if isState, word.contains(where: \.isNumber) { return String(word) }
    }
    return nil
  }

  private static func withCStrings<Result>(
    _ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
  ) -> Result {
    var bytes: [CChar] = []
    var offsets: [Int] = []
    for text in texts {
      offsets.append(bytes.count)
      bytes.append(contentsOf: text.utf8CString)
    }
    return bytes.withUnsafeBufferPointer { buffer in
      var pointers: [UnsafePointer<CChar>?] = offsets.map { buffer.baseAddress?.advanced(by: $0) }
      pointers.append(nil)
      return body(pointers)
    }
  }
}
