internal import Nanomsg

extension ResponseHeader {
  /// The header of a refusal.
  init(_ error: RPCError) {
    self.init()
    status = error.code.rawValue
    message = cut(error.message)
    details = Array(error.details.prefix(64))
    retryAfterUs = Int64(error.retryAfterMilliseconds) * 1_000
  }

  /// The refusal that the header tells of; nil for success.
  var error: RPCError? {
    guard status != StatusCode.ok.rawValue else { return nil }
    return RPCError(
      code: StatusCode(rawValue: status) ?? .unknown, message: message, details: details,
      retryAfterMilliseconds: Int(clamping: retryAfterUs / 1_000))
  }
}

extension LabelPair {
  /// Pairs in order of their names, as the wire has them.
  static func pairs(_ values: [String: String]) -> [LabelPair] {
    guard !values.isEmpty else { return [] }
    return values.sorted { $0.key < $1.key }.map { name, value in
      var pair = LabelPair()
      pair.name = name
      pair.value = value
      return pair
    }
  }

  /// The values by their names.
  static func values(_ pairs: [LabelPair]) -> [String: String] {
    guard !pairs.isEmpty else { return [:] }
    return Dictionary(pairs.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
  }
}

extension RPCError {
  /// What a failure of the transport means to a caller.
  init(transport error: NanomsgError) {
    let code: StatusCode =
      switch error.code {
      case .closed, .unreachable: .unavailable
      case .timedOut: .deadlineExceeded
      case .cancelled: .cancelled
      case .tooLarge, .tooManyCalls: .resourceExhausted
      case .badAddress: .invalidArgument
      case .badCertificate: .unauthenticated
      case .other: .internal
      }
    self.init(code, error.detail)
  }
}

/// A message without the zero bytes and the length that the wire refuses.
///
/// An error's own text may quote what a caller sent; the answer must go out all the same.
private func cut(_ message: String) -> String {
  guard message.utf8.count > 4_096 || message.utf8.contains(0) else { return message }
  return String(message.prefix(1_000).map { $0 == "\0" ? "?" : $0 })
}
