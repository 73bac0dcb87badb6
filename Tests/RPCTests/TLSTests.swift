import Foundation
import Nanomsg
import PointsContract
import RPC
import SeriesContract
import Testing

@Suite("Mutual TLS")
struct TLSTests {
  /// Certificates of one authority, made in a folder of their own.
  private struct Certificates {
    let folder: URL

    init() throws {
      folder = FileManager.default.temporaryDirectory
        .appending(path: "tidemark-tls-\(UInt64.random(in: .min ... .max))")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try run(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes", "-days", "2", "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem")
      try run(
        "openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-subj", "/CN=localhost", "-keyout", "own.key", "-out", "own.csr")
      try run(
        "openssl", "x509", "-req", "-in", "own.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
        "-CAcreateserial", "-days", "2", "-out", "own.crt")
      let both = try Data(contentsOf: file("own.crt")) + Data(contentsOf: file("own.key"))
      try both.write(to: file("own.pem"))
    }

    func file(_ name: String) -> URL { folder.appending(path: name) }

    var tls: NanomsgTLS {
      NanomsgTLS(
        authorityFile: file("ca.pem").path, certificateKeyFile: file("own.pem").path,
        serverName: "localhost")
    }

    @discardableResult
    func run(_ words: String...) throws -> Int32 {
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments = words
      process.currentDirectoryURL = folder
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      return process.terminationStatus
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }
  }

  @Test("both sides with certificates of one authority talk; others do not get in")
  func mutual() async throws {
    let ours = try Certificates()
    let theirs = try Certificates()
    defer {
      ours.remove()
      theirs.remove()
    }
    let settings = RPCServerSettings(serviceName: "ingest", tls: ours.tls)
    let client = RPCClientSettings(tls: ours.tls)
    try await withServer(url: "tls+tcp://127.0.0.1:0", settings: settings, client: client) {
      server, channel in
      #expect(try await IngestClient(channel).putPoints(.fixture()).accepted == 3)

      // Trusts our authority, but shows a certificate of another one.
      let stranger = try RPCChannel(
        url: server.urls[0],
        settings: RPCClientSettings(
          tls: NanomsgTLS(
            authorityFile: ours.file("ca.pem").path,
            certificateKeyFile: theirs.file("own.pem").path, serverName: "localhost"),
          connectPatienceMilliseconds: 300))
      let refused = await #expect(throws: RPCError.self) {
        try await IngestClient(stranger).putPoints(
          .fixture(), options: CallOptions(timeoutMilliseconds: 5_000, retries: .never))
      }
      #expect(refused?.code == .unavailable || refused?.code == .deadlineExceeded)
      stranger.close()

      // Shows no certificate at all; an alert of the server ends the handshake.
      let address = server.urls[0].replacing("tls+tcp://", with: "")
      let status = try ours.run(
        "timeout", "5", "openssl", "s_client", "-connect", address, "-CAfile", "ca.pem",
        "-verify_return_error", "-tls1_2", "-quiet", "-no_ign_eof")
      #expect(status == 1)
      #expect(try await IngestClient(channel).putPoints(.fixture()).accepted == 3)
    }
  }

  @Test("a missing file is named when the server starts")
  func missingFile() {
    let settings = RPCServerSettings(
      serviceName: "ingest",
      tls: NanomsgTLS(authorityFile: "/nowhere/ca.pem", certificateKeyFile: "/nowhere/own.pem"))
    let server = RPCServer(urls: ["tls+tcp://127.0.0.1:0"], services: [], settings: settings)
    let error = #expect(throws: RPCError.self) { try server.listen() }
    #expect(error?.message.contains("/nowhere/ca.pem") == true)
  }

  @Test("TLS without certificates is refused")
  func noCertificates() {
    let server = RPCServer(
      urls: ["tls+tcp://127.0.0.1:0"], services: [],
      settings: RPCServerSettings(serviceName: "ingest"))
    let error = #expect(throws: RPCError.self) { try server.listen() }
    #expect(error?.message.contains("no certificate is configured") == true)
  }
}
