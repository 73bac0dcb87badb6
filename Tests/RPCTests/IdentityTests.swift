import Cryptography
import PointsContract
@testable import RPC
import SeriesContract
import Testing

@Suite("Caller tokens")
struct IdentityTests {
  private let key = SigningKey()

  private func trusting(_ key: SigningKey) -> TrustedCallers {
    TrustedCallers(keys: ["gateway": key.publicKey], audience: "ingest")
  }

  private func server(_ trusted: TrustedCallers) -> RPCServerSettings {
    RPCServerSettings(serviceName: "ingest", trustedCallers: trusted)
  }

  @Test("a trusted caller is let in and its handler hears the name")
  func letIn() async throws {
    var handler = IngestFixture()
    handler.putPointsBody = { (_, context) throws(RPCError) in
      guard context.callerName == "gateway" else {
        throw RPCError(.permissionDenied, "\(context.callerName ?? "nobody")")
      }
      return PutPointsResponse()
    }
    let client = RPCClientSettings(
      backend: "ingest", identity: CallerIdentity(name: "gateway", key: key))
    try await withServer(handler, settings: server(trusting(key)), client: client) { _, channel in
      for _ in 0..<3 { _ = try await IngestClient(channel).putPoints(.fixture()) }
    }
  }

  @Test("without a token, with another key or under another name nobody is let in")
  func keptOut() async throws {
    let strangers = [
      RPCClientSettings(backend: "ingest"),
      RPCClientSettings(
        backend: "ingest", identity: CallerIdentity(name: "gateway", key: SigningKey())),
      RPCClientSettings(backend: "ingest", identity: CallerIdentity(name: "mallory", key: key)),
      RPCClientSettings(backend: "baseline", identity: CallerIdentity(name: "gateway", key: key)),
    ]
    for client in strangers {
      try await withServer(settings: server(trusting(key)), client: client) { _, channel in
        let error = await #expect(throws: RPCError.self) {
          try await IngestClient(channel).putPoints(.fixture())
        }
        #expect(error?.code == .unauthenticated)
        let drain = await #expect(throws: RPCError.self) {
          try await MetaClient(channel).drain(DrainRequest())
        }
        #expect(drain?.code == .unauthenticated)
      }
    }
  }

  @Test("a token is good until its expiry and a little skew, and for no longer than a minute")
  func lifetime() throws {
    let trusted = trusting(key)
    let token = CallerToken(caller: "gateway", audience: "ingest", expirySeconds: 1_000, key: key)
    #expect(try trusted.caller(showing: token.text, nowSeconds: 999) == "gateway")
    #expect(try trusting(key).caller(showing: token.text, nowSeconds: 1_004) == "gateway")
    #expect(throws: RPCError.self) { try trusted.caller(showing: token.text, nowSeconds: 1_005) }
    #expect(throws: RPCError.self) {
      try trusting(key).caller(showing: token.text, nowSeconds: 934)
    }
    #expect(try trusting(key).caller(showing: token.text, nowSeconds: 935) == "gateway")
  }

  @Test("a token that was changed anywhere is refused")
  func tampered() {
    let trusted = trusting(key)
    let text = CallerToken(
      caller: "gateway", audience: "ingest", expirySeconds: 1_000, key: key
    ).text
    let bytes = Array(text.utf8)
    for index in bytes.indices {
      var changed = bytes
      changed[index] = changed[index] == 0x41 ? 0x42 : 0x41
      let other = String(decoding: changed, as: UTF8.self)
      let error = #expect(throws: RPCError.self) {
        try trusted.caller(showing: other, nowSeconds: 990)
      }
      #expect(error?.code == .unauthenticated)
    }
  }

  @Test("a token is signed once for half its life")
  func cached() {
    let identity = CallerIdentity(name: "gateway", key: key)
    let first = identity.token(for: "ingest", nowSeconds: 0)
    #expect(identity.token(for: "ingest", nowSeconds: 29) == first)
    #expect(identity.token(for: "ingest", nowSeconds: 30) != first)
    #expect(identity.token(for: "baseline", nowSeconds: 0) != first)
  }

  @Test("the file of trusted callers names what is wrong in it")
  func trustedCallersFile() throws {
    let text = "gateway: \(key.publicKey)\n"
    let trusted = try TrustedCallers(yaml: Array(text.utf8), audience: "ingest")
    let token = CallerToken(caller: "gateway", audience: "ingest", expirySeconds: 60, key: key)
    #expect(try trusted.caller(showing: token.text, nowSeconds: 1) == "gateway")
    for (bad, named) in [
      ("gateway: nonsense\n", "gateway"), ("- a\n", "mapping"), ("a b: c\n", "a b"),
      (": [", "yaml"),
    ] {
      let error = #expect(throws: RPCError.self) {
        _ = try TrustedCallers(yaml: Array(bad.utf8), audience: "ingest")
      }
      #expect(error?.message.contains(named) == true, "\(bad)")
    }
  }
}
