import Foundation
import Testing

@testable import Egress

@Suite("Whom a TLS connection trusts", .timeLimit(.minutes(2)))
struct TLSTests {
  /// OpenSSL's own server with a certificate that signs itself.
  private final class Server {
    let port: Int
    let certificate: String
    private let folder: URL
    private let process = Process()

    init(host: String) throws {
      folder = FileManager.default.temporaryDirectory.appending(
        path: "tidemark-tls-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      certificate = folder.appending(path: "certificate.pem").path
      let key = folder.appending(path: "key.pem").path
      let maker = Process()
      maker.executableURL = URL(filePath: "/usr/bin/env")
      maker.arguments = [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=\(host)",
        "-addext", "subjectAltName=DNS:\(host)",
      ]
      maker.standardError = FileHandle.nullDevice
      try maker.run()
      while maker.isRunning { usleep(500) }
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments = [
        "openssl", "s_server", "-accept", "0", "-cert", certificate, "-key", key, "-www",
      ]
      let output = Pipe()
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      process.standardInput = FileHandle.nullDevice
      try process.run()
      var said = ""
      while !said.contains("ACCEPT") || !said.hasSuffix("\n") {
        let chunk = output.fileHandleForReading.availableData
        if chunk.isEmpty { break }
        said += String(decoding: chunk, as: UTF8.self)
      }
      let digits = said.reversed().drop { $0.isNewline }.prefix { $0.isNumber }.reversed()
      port = try #require(Int(String(digits)), "openssl said: \(said)")
    }

    func stop() {
      kill(process.processIdentifier, SIGKILL)
      while process.isRunning { usleep(500) }
      try? FileManager.default.removeItem(at: folder)
    }
  }

  private func status(
    _ server: Server, host: String = "localhost", trusting file: String?
  ) async throws -> Result<Int, EgressError> {
    let client = try EgressClient(
      policy: EgressPolicy(
        privateHosts: ["localhost", "127.0.0.1"], certificateAuthorityFile: file))
    do throws(EgressError) {
      let request = EgressRequest(method: .get, url: "https://\(host):\(server.port)/")
      return .success(try await client.send(request).status)
    } catch {
      return .failure(error)
    }
  }

  private func code(_ result: Result<Int, EgressError>) -> EgressError.Code? {
    if case .failure(let error) = result { error.code } else { nil }
  }

  @Test func `a certificate of a trusted authority is accepted`() async throws {
    let server = try Server(host: "localhost")
    defer { server.stop() }
    #expect(try await status(server, trusting: server.certificate) == .success(200))
  }

  @Test func `a certificate that nobody vouches for is refused`() async throws {
    let server = try Server(host: "localhost")
    defer { server.stop() }
    #expect(code(try await status(server, trusting: nil)) == .tls)
  }

  @Test func `a certificate of another host is refused`() async throws {
    let server = try Server(host: "other.example")
    defer { server.stop() }
    #expect(code(try await status(server, trusting: server.certificate)) == .tls)
    #expect(
      code(try await status(server, host: "127.0.0.1", trusting: server.certificate)) == .tls)
  }

  @Test func `an authority's file that is not there is refused, not ignored`() async throws {
    let server = try Server(host: "localhost")
    defer { server.stop() }
    #expect(code(try await status(server, trusting: "/nowhere/ca.pem")) == .tls)
  }
}
