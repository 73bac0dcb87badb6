import Glibc
import ServiceRuntime
import Testing

/// A file that goes away with its owner.
final class TemporaryFile {
  let path: String

  init(_ content: String, mode: mode_t = 0o600) throws {
    var template = Array("/tmp/tidemark-test-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    try #require(descriptor >= 0)
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    let bytes = Array(content.utf8)
    #expect(write(descriptor, bytes, bytes.count) == bytes.count)
    #expect(fchmod(descriptor, mode) == 0)
    close(descriptor)
  }

  deinit { unlink(path) }
}

private func reader(
  _ arguments: [String] = [], _ environment: [String: String] = [:]
) -> ConfigurationReader {
  ConfigurationReader(arguments: arguments, environment: environment, service: "ingest")
}

private func faults(_ reader: ConfigurationReader) -> [String] {
  do {
    try reader.finish()
    return []
  } catch {
    return error.faults
  }
}

@Suite("Settings")
struct ConfigurationTests {
  @Test func `flags beat the environment, which beats the file, which beats the default`() throws {
    let file = try TemporaryFile("a-b: file\nc: {d: file}\ne: file\n")
    let reader = reader(
      ["--config", file.path, "--a-b=flag"],
      ["TIDEMARK_INGEST_A_B": "variable", "TIDEMARK_INGEST_C_D": "variable"])
    #expect(reader.text("a-b") == "flag")
    #expect(reader.text("c-d") == "variable")
    #expect(reader.text("e") == "file")
    #expect(reader.text("f", default: "default") == "default")
    try reader.finish()
  }

  @Test func `all faults are told together, each naming its setting`() throws {
    let file = try TemporaryFile("workers: many\nunknown-one: 1\n")
    let reader = reader(
      ["--config", file.path, "--port", "70000", "--wrong", "stray"],
      ["TIDEMARK_INGEST_ODD": "1", "TIDEMARK_INGEST_SPEED_SECONDS": "-1"])
    _ = reader.text("database-url")
    _ = reader.integer("port", default: 1, in: 0...65_535)
    _ = reader.integer("workers", default: 1)
    _ = reader.seconds("speed-seconds", default: 1)
    let faults = faults(reader)
    for word in [
      "database-url is missing", "port (flag --port) must be", "workers (\(file.path) line 1)",
      "speed-seconds (environment TIDEMARK_INGEST_SPEED_SECONDS)", "--wrong is no setting",
      "TIDEMARK_INGEST_ODD is no setting", "unknown-one (\(file.path) line 2) is no setting",
    ] {
      #expect(faults.contains { $0.contains(word) }, "\(word) in \(faults)")
    }
    #expect(faults.count == 7)
  }

  @Test func `addresses that Kubernetes puts into the environment are no faults`() {
    let reader = reader(
      [],
      [
        "TIDEMARK_INGEST_PORT": "tcp://10.0.0.1:80", "TIDEMARK_INGEST_SERVICE_HOST": "10.0.0.1",
        "TIDEMARK_INGEST_PORT_80_TCP_ADDR": "10.0.0.1", "TIDEMARK_GATEWAY_OTHER": "x",
      ])
    #expect(faults(reader).isEmpty)
  }

  @Test func `a variable without a value is left out`() throws {
    let reader = reader([], ["TIDEMARK_INGEST_A": "", "TIDEMARK_INGEST_CONFIG": ""])
    #expect(reader.text("a", default: "default") == "default")
    try reader.finish()
  }

  @Test func `an address to listen at is checked`() {
    let reader = reader(["--admin-address", "9106"])
    _ = RuntimeSettings(reading: reader)
    #expect(faults(reader) == ["admin-address (flag --admin-address) must be host:port"])
  }

  @Test func `lists come from repeated flags, commas and YAML lists`() throws {
    let file = try TemporaryFile("hosts: [a, b]\nports: \"1, 2\"\n")
    let reader = reader(["--config", file.path, "--url", "x", "--url", "y,z"])
    #expect(reader.list("url") == ["x", "y", "z"])
    #expect(reader.list("hosts") == ["a", "b"])
    #expect(reader.list("ports") == ["1", "2"])
    #expect(reader.list("none", default: []) == [])
    try reader.finish()
  }

  @Test func `a flag alone is true, and a word that is neither is refused`() {
    let reader = reader(["--insecure-plaintext", "--debug", "perhaps"])
    #expect(reader.boolean("insecure-plaintext"))
    #expect(!reader.boolean("debug"))
    #expect(faults(reader) == ["debug (flag --debug) must be true or false"])
  }

  @Test("bad YAML is told with its place", arguments: ["a: [1", "a: 1\na: 2\n", "- a", "a: [[1]]"])
  func badYAML(text: String) throws {
    let file = try TemporaryFile(text)
    let reader = reader(["--config", file.path])
    _ = reader.list("a", default: [])
    #expect(faults(reader).contains { $0.contains(file.path) && $0.contains("line") })
  }

  @Test func `a missing file is told by name`() {
    #expect(
      faults(reader(["--config", "/nowhere/a.yaml"]))
        == ["config: /nowhere/a.yaml: No such file or directory"])
  }
}

@Suite("Secrets")
struct SecretTests {
  @Test("a secret file of its owner alone is read", arguments: [mode_t(0o400), 0o600])
  func goodModes(mode: mode_t) throws {
    let file = try TemporaryFile("open sesame\n", mode: mode)
    let reader = reader(["--key-file", file.path])
    #expect(reader.secretFile("key-file")?.secret == "open sesame")
    try reader.finish()
  }

  @Test(
    "a secret file that others may touch is refused",
    arguments: [mode_t(0o640), 0o604, 0o644, 0o620, 0o700])
  func badModes(mode: mode_t) throws {
    let file = try TemporaryFile("open sesame", mode: mode)
    let reader = reader(["--key-file", file.path])
    #expect(reader.secretFile("key-file") == nil)
    let fault = try #require(faults(reader).first)
    #expect(fault.contains("key-file") && fault.contains("0\(String(mode, radix: 8))"))
    #expect(!fault.contains("sesame"))
  }

  @Test func `an empty secret and a folder are refused`() throws {
    let file = try TemporaryFile("\n")
    let reader = reader(["--a-file", file.path, "--b-file", "/tmp"])
    _ = reader.secretFile("a-file")
    _ = reader.secretFile("b-file")
    #expect(
      faults(reader) == [
        "a-file (flag --a-file): \(file.path) is empty",
        "b-file (flag --b-file): /tmp is no regular file",
      ])
  }

  @Test func `a secret never prints, in no way that a struct can`() {
    struct Holder { let key = Redacted("sesame") }
    #expect(!"\(Holder())".contains("sesame"))
    #expect(!String(reflecting: Holder()).contains("sesame"))
    var text = ""
    dump(Holder(), to: &text)
    #expect(!text.contains("sesame"))
  }

  @Test func `a secret in place and by file at once is refused`() throws {
    let file = try TemporaryFile("postgresql://a")
    let reader = reader(["--database-url", "x", "--database-url-file", file.path])
    _ = reader.secretOrFile("database-url")
    #expect(faults(reader) == ["database-url and database-url-file exclude each other"])
  }

  @Test func `one of the two is enough, none is a fault`() throws {
    let file = try TemporaryFile("postgresql://a\n")
    let good = reader(["--database-url-file", file.path])
    #expect(good.secretOrFile("database-url")?.secret == "postgresql://a")
    try good.finish()
    let none = reader()
    #expect(none.secretOrFile("database-url") == nil)
    #expect(faults(none) == ["database-url or database-url-file is missing"])
  }
}

@Suite("Printed settings")
struct PrintedSettingsTests {
  @Test func `what is printed reads back, with secrets hidden`() throws {
    let reader = reader(
      [
        "--print-config", "--database-url", "postgresql://u:pw@h/d", "--url", "a,b", "--name",
        "x: y",
      ])
    #expect(reader.request == .printConfiguration)
    _ = reader.secretOrFile("database-url")
    _ = reader.list("url")
    _ = reader.text("name")
    _ = reader.integer("workers", default: 4)
    try reader.finish()
    let text = reader.printedConfiguration()
    #expect(text.contains("database-url: \"<redacted>\""))
    #expect(!text.contains("pw"))
    let file = try TemporaryFile(text)
    let again = self.reader(["--config", file.path])
    #expect(again.list("url") == ["a", "b"])
    #expect(again.text("name") == "x: y")
    #expect(again.integer("workers") == 4)
  }

  @Test func `help names each setting and never fails on a missing one`() throws {
    let reader = reader(["--help"])
    _ = reader.text("database-url", help: "where the data is")
    _ = reader.integer("workers", default: 4)
    try reader.finish()
    let text = reader.helpText(summary: "Takes points.")
    #expect(text.contains("--database-url  (needed)\n      where the data is"))
    #expect(text.contains("--workers  (default 4)"))
    #expect(text.contains("TIDEMARK_INGEST_DATABASE_URL"))
  }

  private func reader(_ arguments: [String]) -> ConfigurationReader {
    ConfigurationReader(arguments: arguments, environment: [:], service: "ingest")
  }
}
