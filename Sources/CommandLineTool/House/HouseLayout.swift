import Glibc

/// Where `tidemark up` keeps its things.
struct HouseLayout: Sendable {
  /// The six services in the order in which they start.
  static let services = ["notifier", "classifier", "detector", "baseline", "ingest", "gateway"]

  /// Whom each service calls.
  static let calls: [String: [String]] = [
    "notifier": ["classifier"],
    "classifier": ["notifier", "baseline"],
    "detector": ["classifier"],
    "baseline": ["detector"],
    "ingest": ["baseline"],
    "gateway": ["ingest", "baseline", "classifier"],
  ]

  /// The folder of everything.
  let folder: String

  /// The folder of the sockets that other processes call by.
  let sockets: String

  var cluster: String { folder + "/postgres" }
  var secrets: String { folder + "/secrets" }
  var keys: String { folder + "/keys" }
  var clientFile: String { folder + "/client.yaml" }
  var tokenFile: String { folder + "/token" }

  /// Makes the folders.
  init(folder named: String) throws(CommandError) {
    try SmallFiles.makeFolder(named, mode: 0o755)
    folder = try SmallFiles.absolute(named)
    let beside = folder + "/run"
    // The name of a socket may have 107 bytes.
    if beside.utf8.count < 90 {
      sockets = beside
    } else {
      sockets = "/tmp/tidemark-\(getuid())-\(getpid())"
    }
    try SmallFiles.makeFolder(sockets, mode: 0o700)
    chmod(sockets, 0o700)
  }

  /// Where a service is called from within the process.
  func innerURL(_ service: String) -> String { "inproc://tidemark-\(service)" }

  /// Where a service is called by other processes of this machine.
  func outerURL(_ service: String) -> String { "ipc://\(sockets)/\(service)" }

  /// The flags of one service.
  func flags(of service: String, extra: [String]) -> [String] {
    var flags = [
      "--listen-url=\(innerURL(service)),\(outerURL(service))",
      "--caller-key-file=\(CallerKeys.keyFile(keys, service))",
      "--trusted-callers-file=\(keys)/\(CallerKeys.trustedFile)",
    ]
    if service != "detector" { flags.append("--database-url-file=\(secrets)/\(service).database") }
    for callee in Self.calls[service] ?? [] {
      flags.append("--\(callee)-url=\(innerURL(callee))")
    }
    return flags + extra
  }

  /// The client's file, by which other subcommands find this house.
  var clientSettings: String {
    var lines = ["# Written by `tidemark up`; taken away when it ends."]
    for backend in HouseClient.backends {
      lines.append("\(backend)-url: [\"\(outerURL(backend))\"]")
    }
    lines.append("caller-key-file: \"\(CallerKeys.keyFile(keys, "client"))\"")
    return lines.joined(separator: "\n") + "\n"
  }
}
