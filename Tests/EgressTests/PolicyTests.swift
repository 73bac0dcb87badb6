import Glibc
import Testing

@testable import Egress

@Suite("Where requests may go")
struct PolicyTests {
  static let forbiddenHosts = [
    "127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "0.0.0.0", "0", "0177.1", "0177.0.0.1",
    "0x7f.1", "0x7f000001", "2130706433", "017700000001", "localhost", "LOCALHOST", "localhost.",
    "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.1.254",
    "169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.0.1",
    "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.1", "192.88.99.1",
    "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
    "255.255.255.255", "[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[::ffff:10.0.0.1]", "[::ffff:169.254.169.254]", "[::127.0.0.1]",
    "[fe80::1]", "[fe80::1%25lo]", "[febf::1]", "[fec0::1]", "[fc00::1]", "[fd00:ec2::254]",
    "[fdff::1]", "[ff02::1]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]", "[2001::1]",
    "[2001:db8::1]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::1]", "[100::1]",
    "[4000::1]", "127.0.0.1.", "0x7f.0x0.0x0.0x1", "[::ffff:0:7f00:1]", "[64:ff9b::127.0.0.1]",
    "[::ffff:a9fe:a9fe]", "[::ffff:100.100.100.200]", "①②⑦.⓪.⓪.①", "１２７.０.０.１", "ip6-localhost",
    "127。0。0。1",
  ]

  @Test(arguments: forbiddenHosts)
  func `nothing leaves to a forbidden address, however it is spelled`(host: String) async throws {
    let server = ScriptedServer { peer in peer.answer(200) }
    defer { server.stop() }
    let client = try EgressClient(policy: EgressPolicy())
    let request = EgressRequest(
      url: "https://\(host):\(server.port)/", totalMilliseconds: 2_000)
    do {
      let response = try await client.send(request)
      Issue.record("answered with \(response.status)")
    } catch {
      // A spelling that libcurl does not take for an address is looked up as a name and not found.
      let refusals: [EgressError.Code] = [.refusedAddress, .invalidRequest, .resolve]
      #expect(refusals.contains(error.code), "\(error)")
    }
    #expect(server.connections == 0)
  }

  @Test func `a name that resolves to the loopback is refused as an address`() async throws {
    let client = try EgressClient(policy: EgressPolicy())
    await #expect(throws: EgressError(.refusedAddress, PolicyTests.noAddress)) {
      try await client.send(EgressRequest(url: "https://localhost:9/"))
    }
  }

  private static let noAddress = "the destination has no address that may be reached"

  @Test(arguments: [
    "http://example.org/", "ftp://example.org/", "file:///etc/passwd", "gopher://example.org/1",
    "smtp://example.org/", "dict://example.org/", "scp://example.org/", "HTTP://example.org/",
  ])
  func `a scheme other than https is refused`(url: String) async throws {
    let client = try EgressClient(policy: EgressPolicy())
    do {
      _ = try await client.send(EgressRequest(url: url))
      Issue.record("sent")
    } catch {
      #expect(error.code == .refusedProtocol)
    }
  }

  @Test(arguments: [
    "https://user@example.org/", "https://user:secret@example.org/",
    "https://example.org@127.0.0.1/", "", "https://", "not a url", "https://exa mple.org/",
    "https://example.org/\r\nX: 1", "https://example.org:99999/",
  ])
  func `a URL with tricks is refused before anything is looked up`(url: String) async throws {
    let client = try EgressClient(policy: EgressPolicy())
    do {
      _ = try await client.send(EgressRequest(url: url))
      Issue.record("sent")
    } catch {
      #expect([.invalidRequest, .refusedProtocol].contains(error.code), "\(error)")
      #expect(!"\(error)".contains("secret"))
    }
  }

  @Test func `a host allowed by name and port is allowed on that port only`() async throws {
    let allowed = ScriptedServer { peer in
      _ = peer.request()
      peer.answer(204)
    }
    let other = ScriptedServer { peer in peer.answer(204) }
    defer {
      allowed.stop()
      other.stop()
    }
    let client = try EgressClient(
      policy: EgressPolicy(
        privateHosts: ["LocalHost:\(allowed.port)"], plaintextHosts: ["localhost"]))
    let response = try await client.send(
      EgressRequest(url: "http://localhost:\(allowed.port)/"))
    #expect(response.status == 204)
    await #expect(throws: EgressError.self) {
      try await client.send(EgressRequest(url: "http://localhost:\(other.port)/"))
    }
    #expect(other.connections == 0)
  }

  @Test func `the proxy of the environment is not used`() async throws {
    let proxy = ScriptedServer { peer in peer.answer(200) }
    defer { proxy.stop() }
    setenv("https_proxy", "http://127.0.0.1:\(proxy.port)", 1)
    setenv("ALL_PROXY", "http://127.0.0.1:\(proxy.port)", 1)
    defer {
      unsetenv("https_proxy")
      unsetenv("ALL_PROXY")
    }
    let client = try EgressClient(policy: EgressPolicy())
    await #expect(throws: EgressError.self) {
      try await client.send(EgressRequest(url: "https://nowhere.invalid/"))
    }
    #expect(proxy.connections == 0)
  }

  @Test(arguments: [
    [8, 8, 8, 8], [1, 1, 1, 1], [100, 63, 255, 255], [100, 128, 0, 0], [172, 15, 255, 255],
    [172, 32, 0, 0], [192, 167, 255, 255], [198, 17, 255, 255], [198, 20, 0, 0],
    [223, 255, 255, 255], [0x2a, 0, 0x14, 0x50, 0x40, 1, 8, 0, 0, 0, 0, 0, 0, 0, 0x20, 0x0e],
    [0x20, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 8, 8, 8, 8],
  ])
  func `public addresses up to the edge of a forbidden range are allowed`(bytes: [UInt8]) {
    #expect(SocketAddress(bytes: bytes)?.isPublic == true)
  }
}
