internal import CNanomsg

/// Why libnng refused or gave up.
public struct NanomsgError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of failure.
  public enum Code: String, Sendable {
    /// The socket is closed.
    case closed
    /// Nobody is at the other end, or the connection broke.
    case unreachable
    /// The deadline passed first.
    case timedOut
    /// The caller gave up.
    case cancelled
    /// A message is above the limit of its socket.
    case tooLarge
    /// More calls at once than the socket allows.
    case tooManyCalls
    /// The address cannot be used: malformed, taken, or of a scheme that is not built in.
    case badAddress
    /// A certificate, key or authority file is missing or not sound.
    case badCertificate
    /// Anything else that libnng reports.
    case other
  }

  /// The kind of failure, for the caller to switch on.
  public let code: Code

  /// What was tried and what libnng said of it.
  public let detail: String

  /// Makes an error from its kind and what was seen.
  public init(_ code: Code, _ detail: String) {
    self.code = code
    self.detail = detail
  }

  /// One line, safe to log.
  public var description: String { "nanomsg: \(code.rawValue): \(detail)" }

  /// Turns libnng's own number into an error.
  init(number: Int32, _ doing: String) {
    let said = String(cString: nng_strerror(number))
    self.init(Self.code(of: number), "\(doing): \(said)")
  }

  /// Throws when libnng's result is not 0.
  static func check(_ number: Int32, _ doing: @autoclosure () -> String) throws(NanomsgError) {
    guard number == 0 else { throw NanomsgError(number: number, doing()) }
  }

  private static func code(of number: Int32) -> Code {
    switch nng_errno_enum(UInt32(bitPattern: number)) {
    case NNG_ECLOSED: .closed
    case NNG_ECONNREFUSED, NNG_ECONNRESET, NNG_ECONNABORTED, NNG_ECONNSHUT, NNG_EUNREACHABLE:
      .unreachable
    case NNG_ETIMEDOUT: .timedOut
    case NNG_ECANCELED: .cancelled
    case NNG_EMSGSIZE: .tooLarge
    case NNG_EADDRINUSE, NNG_EADDRINVAL, NNG_ENOTSUP: .badAddress
    case NNG_ECRYPTO, NNG_EPEERAUTH, NNG_ENOENT, NNG_EPERM: .badCertificate
    default: .other
    }
  }
}
