import Nanomsg
import PointsContract
import RPC
import SeriesContract
import TestSupport
import Testing

@Suite("Mutual TLS")
struct TLSTests {
  private func tls(
    trusting authority: TestCertificates, showing own: TestCertificates
  ) -> NanomsgTLS {
    NanomsgTLS(
      authorityFile: authority.authorityFile, certificateKeyFile: own.certificateKeyFile,
      serverName: own.host)
  }

  @Test("both sides with certificates of one authority talk; others do not get in")
  func mutual() async throws {
    let ours = try await TestCertificates()
    defer { ours.remove() }
    let theirs = try await TestCertificates()
    defer { theirs.remove() }
    let ourTLS = tls(trusting: ours, showing: ours)
    let settings = RPCServerSettings(serviceName: "ingest", tls: ourTLS)
    let client = RPCClientSettings(tls: ourTLS)
    try await withServer(url: "tls+tcp://127.0.0.1:0", settings: settings, client: client) {
      server, channel in
      #expect(try await IngestClient(channel).putPoints(.fixture()).accepted == 3)

      // Trusts our authority, but shows a certificate of another one.
      let stranger = try RPCChannel(
        url: server.urls[0],
        settings: RPCClientSettings(
          tls: tls(trusting: ours, showing: theirs), connectPatienceMilliseconds: 300))
      let refused = await #expect(throws: RPCError.self) {
        try await IngestClient(stranger).putPoints(
          .fixture(), options: CallOptions(timeoutMilliseconds: 5_000, retries: .never))
      }
      #expect(refused?.code == .unavailable || refused?.code == .deadlineExceeded)
      stranger.close()

      // Shows no certificate at all; an alert of the server ends the handshake.
      let address = server.urls[0].replacing("tls+tcp://", with: "")
      let outcome = try await ChildProcess.run(
        ChildCommand([
          "openssl", "s_client", "-connect", address, "-CAfile", ours.authorityFile,
          "-verify_return_error", "-tls1_2", "-quiet", "-no_ign_eof",
        ]))
      #expect(outcome.exit == .code(1))
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
