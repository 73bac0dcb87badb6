public import Foundation

/// An authority of its own, and a certificate that it gave to one host, made by openssl.
///
/// They lie in a folder that ``remove()`` takes away.
public struct TestCertificates: Sendable {
  /// The folder of all files.
  public let folder: URL

  /// The host whose name the certificate holds.
  public let host: String

  /// The authority's certificate, for those who shall trust it.
  public var authorityFile: String { path("authority.pem") }

  /// The host's certificate.
  public var certificateFile: String { path("certificate.pem") }

  /// The key of the host's certificate.
  public var keyFile: String { path("key.pem") }

  /// The host's certificate and its key in one file, as some servers want them.
  public var certificateKeyFile: String { path("both.pem") }

  /// Makes them, valid for two days.
  public init(host: String = "localhost") async throws {
    folder = FileManager.default.temporaryDirectory.appending(
      path: "tidemark-certificates-\(UUID().uuidString)")
    self.host = host
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    do {
      try await make()
    } catch {
      remove()
      throw error
    }
  }

  /// Takes the folder away.
  public func remove() { try? FileManager.default.removeItem(at: folder) }

  private func path(_ name: String) -> String { folder.appending(path: name).path }

  private func make() async throws {
    let request = [
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
      "-days", "2",
    ]
    let authorityKey = path("authority.key")
    let commands = [
      request + ["-subj", "/CN=authority", "-keyout", authorityKey, "-out", authorityFile],
      request + [
        "-subj", "/CN=\(host)", "-addext", "subjectAltName=DNS:\(host)",
        "-addext", "basicConstraints=critical,CA:FALSE",
        "-CA", authorityFile, "-CAkey", authorityKey, "-keyout", keyFile, "-out", certificateFile,
      ],
    ]
    for words in commands {
      try await ChildProcess.run(ChildCommand(words)).requireSuccess()
    }
    let both =
      try Data(contentsOf: URL(filePath: certificateFile))
      + Data(contentsOf: URL(filePath: keyFile))
    try both.write(to: URL(filePath: certificateKeyFile))
  }
}
