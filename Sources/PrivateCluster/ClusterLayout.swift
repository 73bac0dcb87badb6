import Cryptography
import Glibc

/// Where the parts of one cluster are, and as whom it runs.
struct ClusterLayout: Sendable {
  /// The number in the name of the socket; no port of the machine is taken.
  static let portNumber = 5_432

  /// A socket's name may have 107 bytes.
  static let socketNameBytesLimit = 107

  /// The folder that the caller named, absolute.
  let folder: String
  /// The folder that holds data and log.
  let home: String
  /// The folder of the socket.
  let socketFolder: String
  /// Whom PostgreSQL runs as when this process is root.
  let user: SystemUser?

  /// PostgreSQL's data.
  var data: String { home + "/data" }
  /// What PostgreSQL and initdb wrote.
  var log: String { home + "/postgres.log" }
  /// PostgreSQL's own note of a running server.
  var processFile: String { data + "/postmaster.pid" }
  /// Held while this process runs the cluster.
  var lock: String { folder + "/lock" }

  /// Finds the places for a folder and makes the folders.
  static func prepare(folder named: String) async throws(PrivateClusterError) -> ClusterLayout {
    let start = named.hasPrefix("/") ? "" : try Folders.absolute(".") + "/"
    try Folders.make(start + named)
    let folder = try Folders.absolute(start + named)
    guard getuid() == 0 else {
      let socket = try socketFolder(near: folder, privately: folder, user: nil)
      return ClusterLayout(folder: folder, home: folder, socketFolder: socket, user: nil)
    }
    guard let user = SystemUser(named: "postgres") ?? SystemUser(named: "nobody") else {
      throw PrivateClusterError(.spawn, "PostgreSQL refuses root, and there is no other user")
    }
    let own = folder + "/cluster"
    try Folders.make(own)
    try Folders.give(own, to: user, mode: 0o700)
    let home: String
    if try await canReach(own, as: user, log: folder + "/reach.log") {
      home = own
    } else {
      // A clone under a folder of mode 0700, such as /root: the user cannot come through.
      home = "/var/lib/tidemark/" + digest(folder)
      try Folders.make(home)
      try Folders.give(home, to: user, mode: 0o700)
      try Folders.write(home + "\n", to: folder + "/place")
    }
    let socket = try socketFolder(near: home, privately: folder, user: user)
    return ClusterLayout(folder: folder, home: home, socketFolder: socket, user: user)
  }

  /// The command that runs a program as the cluster's user.
  func command(_ arguments: [String]) -> [String] {
    user.map { Self.dropped(to: $0, arguments) } ?? arguments
  }

  /// The environment of the cluster's programs: a home they can read, and no surprise locale.
  var environment: [String] {
    ["HOME=\(home)", "PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"]
  }

  private static func dropped(to user: SystemUser, _ arguments: [String]) -> [String] {
    [
      "/usr/bin/setpriv", "--reuid", "\(user.id)", "--regid", "\(user.group)", "--init-groups",
      "--",
    ] + arguments
  }

  /// Whether a user comes through to a folder and may write there.
  private static func canReach(
    _ folder: String, as user: SystemUser, log: String
  ) async throws(PrivateClusterError) -> Bool {
    let probe = try ChildProcess.spawn(
      dropped(to: user, ["/usr/bin/test", "-w", folder, "-a", "-x", folder]),
      environment: ["PATH=/usr/bin:/bin"], outputPath: log)
    return await probe.waitForExit(seconds: 10) == 0
  }

  /// A folder for the socket: beside the data, or elsewhere when that name is too long.
  private static func socketFolder(
    near home: String, privately folder: String, user: SystemUser?
  ) throws(PrivateClusterError) -> String {
    let beside = home + "/s"
    let isOwn = home.hasPrefix(folder)
    if isOwn && fits(beside) {
      try Folders.make(beside)
      if let user { try Folders.give(beside, to: user, mode: 0o700) } else { chmod(beside, 0o700) }
      return beside
    }
    if let user {
      let run = "/run/tidemark/" + digest(folder)
      try Folders.make(run)
      try Folders.give(run, to: user, mode: 0o700)
      return run
    }
    let base = getenv("XDG_RUNTIME_DIR").map { String(cString: $0) } ?? "/tmp"
    let run = "\(base)/tidemark-\(getuid())-\(digest(folder))"
    try Folders.make(run, mode: 0o700)
    // In /tmp somebody else may have been first.
    var status = stat()
    guard lstat(run, &status) == 0, status.st_uid == getuid(), status.st_mode & 0o077 == 0 else {
      throw PrivateClusterError(.folder, "\(run) belongs to another user or is open to others")
    }
    guard fits(run) else {
      throw PrivateClusterError(.folder, "\(run) is too long a name for a socket")
    }
    return run
  }

  private static func fits(_ folder: String) -> Bool {
    "\(folder)/.s.PGSQL.\(portNumber)".utf8.count < socketNameBytesLimit
  }

  /// A short name for a folder, the same each time.
  private static func digest(_ folder: String) -> String {
    Hexadecimal.encode(Array(SHA256.hash(folder).prefix(8)))
  }
}
