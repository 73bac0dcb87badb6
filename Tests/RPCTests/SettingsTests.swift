import RPC
import ServiceRuntime
import Testing

@Suite("Settings of calls")
struct SettingsTests {
  private func faults(_ arguments: [String], backends: [String] = []) -> [String] {
    let reader = ConfigurationReader(arguments: arguments, environment: [:], service: "detector")
    _ = RPCSettings(reading: reader, backends: backends)
    do throws(ConfigurationError) {
      try reader.finish()
      return []
    } catch {
      return error.faults
    }
  }

  @Test("addresses within the host need no TLS")
  func withinHost() {
    #expect(
      faults(
        ["--listen-url", "ipc:///tmp/x", "--classifier-url", "inproc://classifier"],
        backends: ["classifier"]) == [])
  }

  @Test("plain TCP must be allowed by name")
  func plaintext() {
    let listen = ["--listen-url", "tcp://127.0.0.1:0"]
    #expect(faults(listen).contains { $0.contains("insecure-plaintext") })
    #expect(faults(listen + ["--insecure-plaintext"]) == [])
  }

  @Test(
    "what cannot work is named",
    arguments: [
      (["--listen-url", "http://x"], "http://x"),
      (["--listen-url", "tls+tcp://0.0.0.0:1"], "tls-ca-file"),
      (["--listen-url", "inproc://x", "--tls-ca-file", "/x"], "tls-certificate-key-file"),
      (["--listen-url", "inproc://x", "--caller-key-file", "/nowhere"], "caller-key-file"),
      (["--listen-url", "inproc://x", "--trusted-callers-file", "/nowhere"], "trusted-callers"),
    ])
  func faultsAreNamed(arguments: [String], named: String) {
    #expect(faults(arguments).contains { $0.contains(named) })
  }

  @Test("a backend without an address is a fault")
  func missingBackend() {
    let found = faults(["--listen-url", "inproc://x"], backends: ["classifier"])
    #expect(found.contains { $0.contains("classifier-url") })
  }
}
