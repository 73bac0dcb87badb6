internal import CNanomsg

/// Mutual TLS: our certificate, and the authority that must have signed the other side's.
public struct NanomsgTLS: Sendable, Hashable {
  /// PEM file of the authority.
  public let authorityFile: String

  /// PEM file that holds our certificate and its private key.
  public let certificateKeyFile: String

  /// The name that the server's certificate must bear; nil takes the host of the address.
  public let serverName: String?

  /// Names the files.
  public init(authorityFile: String, certificateKeyFile: String, serverName: String? = nil) {
    self.authorityFile = authorityFile
    self.certificateKeyFile = certificateKeyFile
    self.serverName = serverName
  }

  /// Lends libnng's form of this to the body.
  func withConfiguration(
    forServer: Bool, hostName: String?,
    _ body: (OpaquePointer) throws(NanomsgError) -> Void
  ) throws(NanomsgError) {
    var made: OpaquePointer?
    try NanomsgError.check(
      nng_tls_config_alloc(&made, forServer ? NNG_TLS_MODE_SERVER : NNG_TLS_MODE_CLIENT),
      "configure TLS")
    guard let configuration = made else {
      throw NanomsgError(.badCertificate, "configure TLS: none was made")
    }
    defer { nng_tls_config_free(configuration) }
    // An authority file alone demands nothing of the other side: the mode does.
    try NanomsgError.check(
      nng_tls_config_auth_mode(configuration, NNG_TLS_AUTH_MODE_REQUIRED), "demand certificates")
    try checkFile(
      nng_tls_config_ca_file(configuration, authorityFile), "load authority \(authorityFile)")
    try checkFile(
      nng_tls_config_cert_key_file(configuration, certificateKeyFile, nil),
      "load certificate and key \(certificateKeyFile)")
    if !forServer, let name = serverName ?? hostName {
      try NanomsgError.check(
        nng_tls_config_server_name(configuration, name), "set server name \(name)")
    }
    try body(configuration)
  }

  private func checkFile(_ number: Int32, _ doing: String) throws(NanomsgError) {
    guard number == 0 else {
      throw NanomsgError(
        .badCertificate, "\(doing): \(String(cString: nng_strerror(number)))")
    }
  }
}
