internal import Cryptography
public import Nanomsg
public import ServiceRuntime

/// The settings of calls that all services share: where to listen, whom to call, who is who.
public struct RPCSettings: Sendable {
  /// The word that the service goes by, such as `ingest`.
  public var serviceName: String

  /// Where the service listens.
  public var listenURLs: [String]

  /// The addresses of each backend, by its name.
  public var backendURLs: [String: [String]]

  /// Certificates, or nil without TLS.
  public var tls: NanomsgTLS?

  /// Who this service is to others, or nil when it shows no token.
  public var identity: CallerIdentity?

  /// Who may call, or nil for everyone who can connect.
  public var trustedCallers: TrustedCallers?

  /// Makes settings in a program, as tests and `tidemark up` do.
  public init(
    serviceName: String, listenURLs: [String], backendURLs: [String: [String]] = [:],
    tls: NanomsgTLS? = nil, identity: CallerIdentity? = nil, trustedCallers: TrustedCallers? = nil
  ) {
    self.serviceName = serviceName
    self.listenURLs = listenURLs
    self.backendURLs = backendURLs
    self.tls = tls
    self.identity = identity
    self.trustedCallers = trustedCallers
  }

  /// Reads `listen-url`, `<backend>-url` of each backend, `tls-…-file`, `caller-key-file`,
  /// `trusted-callers-file` and `insecure-plaintext`; faults are kept by the reader.
  ///
  /// - Parameters:
  ///   - reader: Where the settings come from.
  ///   - listenURLs: Where to listen when nothing is said; nil demands that something is.
  ///   - backends: The names of the services that this one calls.
  ///   - optionalBackends: The names of those that it can do without.
  public init(
    reading reader: ConfigurationReader, listenURLs: [String]? = nil, backends: [String] = [],
    optionalBackends: [String] = []
  ) {
    self.serviceName = reader.service
    self.listenURLs = reader.list(
      "listen-url", default: listenURLs,
      help: "addresses to listen on: tls+tcp://, tcp://, ipc://, inproc://")
    self.backendURLs = [:]
    for backend in backends {
      backendURLs[backend] = reader.list(
        "\(backend)-url", help: "addresses of \(backend), one a replica")
    }
    for backend in optionalBackends {
      backendURLs[backend] = reader.list(
        "\(backend)-url", default: [], help: "addresses of \(backend), one a replica")
    }
    let isPlaintextAllowed = reader.boolean(
      "insecure-plaintext", help: "allow tcp:// without TLS")
    self.tls = Self.tls(reader)
    self.identity = Self.identity(reader)
    self.trustedCallers = Self.trustedCallers(reader)
    for url in self.listenURLs + backendURLs.values.flatMap({ $0 }) {
      if let fault = fault(of: url, isPlaintextAllowed: isPlaintextAllowed) {
        reader.refuse(url, fault)
      }
    }
  }

  /// A server with these settings.
  public func server(
    _ services: [RPCService], logger: Logger? = nil, metrics: MetricsRegistry? = nil
  ) -> RPCServer {
    RPCServer(
      urls: listenURLs, services: services,
      settings: RPCServerSettings(
        serviceName: serviceName, tls: tls, trustedCallers: trustedCallers, logger: logger,
        metrics: metrics))
  }

  /// A caller of a backend with these settings.
  ///
  /// - Throws: ``RPCError`` when the backend has no address, or one that cannot be used.
  public func caller(
    to backend: String, metrics: MetricsRegistry? = nil
  ) throws(RPCError) -> RPCBalancer {
    guard let urls = backendURLs[backend], !urls.isEmpty else {
      throw RPCError(.invalidArgument, "no address is configured for \(backend)")
    }
    return try RPCBalancer(
      urls: urls,
      settings: RPCClientSettings(
        backend: backend, tls: tls, identity: identity, metrics: metrics))
  }

  private func fault(of url: String, isPlaintextAllowed: Bool) -> String? {
    if url.hasPrefix("ipc://") || url.hasPrefix("inproc://") { return nil }
    if url.hasPrefix("tls+tcp://") {
      return tls == nil ? "needs tls-ca-file and tls-certificate-key-file" : nil
    }
    guard url.hasPrefix("tcp://") else {
      return "must begin with tls+tcp://, tcp://, ipc:// or inproc://"
    }
    return isPlaintextAllowed ? nil : "is without TLS, which insecure-plaintext must allow"
  }

  private static func tls(_ reader: ConfigurationReader) -> NanomsgTLS? {
    let authority = reader.optionalText(
      "tls-ca-file", help: "PEM of the authority that signs all services' certificates")
    let certificate = reader.optionalText(
      "tls-certificate-key-file", help: "PEM of this service's certificate and private key")
    switch (authority, certificate) {
    case (let authority?, let certificate?):
      return NanomsgTLS(authorityFile: authority, certificateKeyFile: certificate)
    case (nil, nil):
      return nil
    default:
      reader.refuse("tls-ca-file", "and tls-certificate-key-file go together")
      return nil
    }
  }

  private static func identity(_ reader: ConfigurationReader) -> CallerIdentity? {
    let file = reader.secretFile(
      "caller-key-file", help: "PEM of the Ed25519 key that signs this service's caller tokens")
    guard let file else { return nil }
    do throws(CryptographyError) {
      return CallerIdentity(name: reader.service, key: try SigningKey(pem: file.secret))
    } catch {
      reader.refuse("caller-key-file", error.detail)
      return nil
    }
  }

  private static func trustedCallers(_ reader: ConfigurationReader) -> TrustedCallers? {
    let path = reader.optionalText(
      "trusted-callers-file", help: "YAML of the callers that are let in: name to public key")
    guard let path else { return nil }
    do {
      return try TrustedCallers(yaml: SettingsFile.bytes(path), audience: reader.service)
    } catch {
      reader.refuse("trusted-callers-file", "\(error)")
      return nil
    }
  }
}
