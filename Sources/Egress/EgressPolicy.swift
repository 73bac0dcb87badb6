/// Where requests may go, and whom they trust.
public struct EgressPolicy: Sendable, Hashable {
  /// Destinations, `host` or `host:port`, that may lie at a private or loopback address.
  public var privateHosts: Set<String>

  /// Destinations, `host` or `host:port`, that may be spoken to without TLS.
  public var plaintextHosts: Set<String>

  /// A file of certificates to trust in place of the system's.
  public var certificateAuthorityFile: String?

  /// Gathers a policy; the default allows public addresses over TLS, and nothing else.
  public init(
    privateHosts: some Sequence<String> = [], plaintextHosts: some Sequence<String> = [],
    certificateAuthorityFile: String? = nil
  ) {
    self.privateHosts = Set(privateHosts.map { $0.lowercased() })
    self.plaintextHosts = Set(plaintextHosts.map { $0.lowercased() })
    self.certificateAuthorityFile = certificateAuthorityFile
  }

  /// Refuses a URL that no request could use, without looking anything up.
  ///
  /// - Throws: ``EgressError`` `invalidRequest` or `refusedProtocol`.
  public func check(url: String) throws(EgressError) {
    try checkScheme(of: Destination(url: url))
  }

  func checkScheme(of destination: Destination) throws(EgressError) {
    if destination.scheme == "https" { return }
    guard destination.scheme == "http" else {
      throw EgressError(.refusedProtocol, "\(printable(destination.scheme)) is never used")
    }
    guard allowsPlaintext(destination) else {
      throw EgressError(
        .refusedProtocol, "http to \(printable(destination.hostAndPort)) is not allowed by name")
    }
  }

  func allowsPrivate(_ destination: Destination) -> Bool {
    privateHosts.contains(destination.host) || privateHosts.contains(destination.hostAndPort)
  }

  func allowsPlaintext(_ destination: Destination) -> Bool {
    plaintextHosts.contains(destination.host) || plaintextHosts.contains(destination.hostAndPort)
  }
}
