internal import CCurl

/// Sends mail through one server.
///
/// A client has a thread of its own, because libcurl waits in it when it says goodbye to a server;
/// one that hangs then holds up nobody but itself.
public final class MailClient: Sendable {
  /// The bounds of a session.
  public struct Limits: Sendable, Hashable {
    /// Bound of a whole session, in milliseconds.
    public var totalMilliseconds: Int

    /// Bound of resolving, connecting and the TLS handshake, in milliseconds.
    public var connectMilliseconds: Int

    /// Bound of the wait for one reply of the server, in seconds.
    public var replySeconds: Int

    /// Gathers the bounds.
    public init(
      totalMilliseconds: Int = 30_000, connectMilliseconds: Int = 10_000, replySeconds: Int = 15
    ) {
      self.totalMilliseconds = totalMilliseconds
      self.connectMilliseconds = connectMilliseconds
      self.replySeconds = replySeconds
    }
  }

  /// The server that takes the messages.
  public let server: MailServer

  private let policy: EgressPolicy
  private let limits: Limits
  private let loop: TransferLoop

  /// Starts the client's thread; the server is first reached by a message.
  ///
  /// - Throws: ``EgressError`` `closed` when libcurl or the thread cannot be started.
  public init(
    server: MailServer, policy: EgressPolicy, limits: Limits = Limits()
  ) throws(EgressError) {
    self.server = server
    self.policy = policy
    self.limits = limits
    self.loop = try TransferLoop()
    try loop.start()
  }

  deinit { loop.close() }

  /// Ends the client; what is under way fails with `closed`.
  public func close() { loop.close() }

  /// Hands one message to the server.
  ///
  /// - Throws: ``EgressError``; `transientReply` and `permanentReply` hold the server's reply.
  public func send(_ message: MailMessage) async throws(EgressError) -> MailReceipt {
    let scheme = server.protection == .implicitTLS ? "smtps" : "smtp"
    let url = "\(scheme)://\(server.host):\(server.port)/\(server.greeting)"
    let destination = try Destination(url: url)
    try checkEnvelope(message)
    if server.protection == .insecure && server.username != nil {
      throw EgressError(.invalidRequest, "credentials are only sent over TLS")
    }
    let outcome = try await loop.run(policy: policy, destination: destination) { transfer in
      transfer.set(CURLOPT_URL, url)
      transfer.set(CURLOPT_PROTOCOLS_STR, scheme)
      transfer.set(CURLOPT_TIMEOUT_MS, limits.totalMilliseconds)
      transfer.set(CURLOPT_CONNECTTIMEOUT_MS, limits.connectMilliseconds)
      transfer.set(CURLOPT_SERVER_RESPONSE_TIMEOUT, limits.replySeconds)
      if server.protection == .startTLS {
        transfer.set(CURLOPT_USE_SSL, Int(CURLUSESSL_ALL.rawValue))
      }
      if let username = server.username {
        transfer.set(CURLOPT_USERNAME, username)
        transfer.set(CURLOPT_PASSWORD, server.password ?? "")
      }
      transfer.set(CURLOPT_MAIL_FROM, "<\(message.from)>")
      transfer.setRecipients(message.recipients)
      transfer.setUpload(message.content)
      transfer.set(CURLOPT_FRESH_CONNECT, 1)
      transfer.set(CURLOPT_FORBID_REUSE, 1)
    }
    guard outcome.result == CURLE_OK else { throw failure(of: outcome, isMail: true) }
    return MailReceipt(
      replyCode: Int(outcome.replyLine.prefix(3)) ?? outcome.status, reply: outcome.replyLine,
      durationMicroseconds: outcome.durationMicroseconds)
  }

  private func checkEnvelope(_ message: MailMessage) throws(EgressError) {
    guard !message.recipients.isEmpty else {
      throw EgressError(.invalidRequest, "a mail without recipients")
    }
    for address in [message.from] + message.recipients where !MailAddress.isValid(address) {
      throw EgressError(.invalidRequest, "\(printable(address)) is not a mail address")
    }
  }
}

/// The rules of an address as it stands in an envelope.
public enum MailAddress {
  /// Whether the text is one plain address, `name@domain`, without quoting and in ASCII.
  public static func isValid(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    let parts = bytes.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
    guard bytes.count <= 254, parts.count == 2, let name = parts.first, let domain = parts.last,
      !name.isEmpty, name.count <= 64, !domain.isEmpty
    else { return false }
    let special = Set("()<>[]:;,\\\"".utf8)
    guard name.allSatisfy({ $0 > 0x20 && $0 < 0x7f && !special.contains($0) }) else {
      return false
    }
    let labels = domain.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return labels.allSatisfy { label in
      !label.isEmpty && label.count <= 63 && label.allSatisfy(isOfDomain)
    }
  }

  private static func isOfDomain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
