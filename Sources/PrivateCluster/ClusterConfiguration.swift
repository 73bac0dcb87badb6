/// What a crash of the machine may cost.
public enum ClusterDurability: Sendable {
  /// Nothing that was committed.
  case durable
  /// Everything: for tests, whose data nobody wants back.
  case throwAway
}

/// Where a private cluster lives and how it runs.
public struct ClusterConfiguration: Sendable {
  /// The folder that holds data, socket and log; made when missing.
  public var folder: String

  /// What a crash of the machine may cost.
  public var durability: ClusterDurability

  /// How many sessions PostgreSQL admits.
  public var connectionsLimit: Int

  /// Memory for shared buffers, in mebibytes.
  public var sharedBuffersMebibytes: Int

  /// How long to wait for the first answer, in seconds; recovery after a crash takes some.
  public var startSeconds: Int

  /// Describes a cluster; everything but the folder has a default.
  public init(
    folder: String, durability: ClusterDurability = .durable, connectionsLimit: Int = 200,
    sharedBuffersMebibytes: Int = 128, startSeconds: Int = 60
  ) {
    self.folder = folder
    self.durability = durability
    self.connectionsLimit = connectionsLimit
    self.sharedBuffersMebibytes = sharedBuffersMebibytes
    self.startSeconds = startSeconds
  }

  /// What PostgreSQL is told at each start, so that an older folder gets today's settings.
  func serverArguments(socketFolder: String) -> [String] {
    var settings = [
      "listen_addresses=",
      "unix_socket_directories=\(socketFolder)",
      "unix_socket_permissions=0700",
      "port=\(ClusterLayout.portNumber)",
      "max_connections=\(connectionsLimit)",
      "shared_buffers=\(sharedBuffersMebibytes)MB",
      "max_wal_size=2GB",
      "jit=off",
      "log_checkpoints=off",
      "timezone=UTC",
      "log_timezone=UTC",
    ]
    if durability == .throwAway {
      settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
    }
    return settings.flatMap { ["-c", $0] }
  }
}
