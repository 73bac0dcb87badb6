/// A mail server that takes our messages.
public struct MailServer: Sendable, Hashable, CustomStringConvertible {
  /// How the channel is protected.
  public enum Protection: String, Sendable {
    /// `smtp://`, turned into TLS by STARTTLS before anything else is said; else nothing is sent.
    case startTLS
    /// `smtps://`, TLS from the first byte.
    case implicitTLS
    /// No protection, for tests and demonstrations; credentials are not sent.
    case insecure
  }

  /// Such as "mail.example.org".
  public var host: String

  /// Usually 587, 465 with implicit TLS.
  public var port: Int

  /// How the channel is protected.
  public var protection: Protection

  /// Who we are to the server; nil sends no credentials.
  public var username: String?

  /// The secret that goes with the name.
  public var password: String?

  /// The name we greet with.
  public var greeting: String

  /// Gathers what is known of a server.
  public init(
    host: String, port: Int, protection: Protection = .startTLS, username: String? = nil,
    password: String? = nil, greeting: String = "tidemark.invalid"
  ) {
    self.host = host
    self.port = port
    self.protection = protection
    self.username = username
    self.password = password
    self.greeting = greeting
  }

  /// Where it is, without the credentials.
  public var description: String { "\(host):\(port) (\(protection.rawValue))" }
}

/// One message with its envelope.
public struct MailMessage: Sendable {
  /// The address that bounces go to.
  public var from: String

  /// Addresses, at least one.
  public var recipients: [String]

  /// Headers and body with CRLF line ends.
  public var content: [UInt8]

  /// Gathers a message.
  public init(from: String, recipients: [String], content: [UInt8]) {
    self.from = from
    self.recipients = recipients
    self.content = content
  }
}

/// What the server said when it took the message.
public struct MailReceipt: Sendable, Hashable {
  /// Such as 250.
  public let replyCode: Int

  /// The last line of the server, cut at 512 bytes.
  public let reply: String

  /// From handing over to the server's answer, in microseconds.
  public let durationMicroseconds: Int64
}
