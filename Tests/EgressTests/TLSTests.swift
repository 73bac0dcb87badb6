import TestSupport
import Testing

@testable import Egress

@Suite("Whom a TLS connection trusts", .timeLimit(.minutes(2)))
struct TLSTests {
  /// OpenSSL's own server with a certificate of an authority of its own.
  private struct Server {
    let port: Int
    let certificates: TestCertificates
    private let process: ChildProcess

    init(host: String) async throws {
      certificates = try await TestCertificates(host: host)
      process = try ChildProcess.start(
        ChildCommand([
          "openssl", "s_server", "-accept", "0", "-cert", certificates.certificateFile, "-key",
          certificates.keyFile, "-www",
        ]))
      do {
        port = try await process.port(afterLineWith: "ACCEPT")
      } catch {
        certificates.remove()
        throw error
      }
    }

    func stop() {
      process.stop()
      certificates.remove()
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
    let server = try await Server(host: "localhost")
    defer { server.stop() }
    #expect(try await status(server, trusting: server.certificates.authorityFile) == .success(200))
  }

  @Test func `a certificate that nobody vouches for is refused`() async throws {
    let server = try await Server(host: "localhost")
    defer { server.stop() }
    #expect(code(try await status(server, trusting: nil)) == .tls)
  }

  @Test func `a certificate of another host is refused`() async throws {
    let server = try await Server(host: "other.example")
    defer { server.stop() }
    #expect(code(try await status(server, trusting: server.certificates.authorityFile)) == .tls)
    #expect(
      code(try await status(server, host: "127.0.0.1", trusting: server.certificates.authorityFile))
        == .tls)
  }

  @Test func `an authority's file that is not there is refused, not ignored`() async throws {
    let server = try await Server(host: "localhost")
    defer { server.stop() }
    #expect(code(try await status(server, trusting: "/nowhere/ca.pem")) == .tls)
  }
}
