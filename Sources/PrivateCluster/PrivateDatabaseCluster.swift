import Glibc
import Locking

/// A PostgreSQL cluster that belongs to one folder.
///
/// ``start()`` makes it when it is missing; a server that a killed process left behind is taken
/// over. The administrator's role is `postgres`, which needs no password on this socket: the
/// folder of the socket is closed to other users. Every other role needs its password.
public final class PrivateDatabaseCluster: Sendable {
  private struct State {
    var layout: ClusterLayout?
    var server: ChildProcess?
    var lock: Int32?
  }

  private let configuration: ClusterConfiguration
  private let state = Locked(State())

  /// Describes a cluster without touching it.
  public init(_ configuration: ClusterConfiguration) {
    self.configuration = configuration
  }

  deinit {
    let lock = state.withLock { $0.lock }
    if let lock { close(lock) }
  }

  /// Makes the cluster when it is missing, starts it and waits until it answers.
  ///
  /// - Returns: How an administrator connects, as libpq reads it.
  /// - Throws: ``PrivateClusterError``.
  public func start() async throws(PrivateClusterError) -> String {
    let layout = try await ClusterLayout.prepare(folder: configuration.folder)
    try takeLock(layout)
    state.withLock { $0.layout = layout }
    do {
      let server = try await run(layout)
      state.withLock { $0.server = server }
      return Self.address(layout, user: "postgres", password: nil, database: "postgres")
    } catch {
      releaseLock()
      throw error
    }
  }

  /// How a role connects to a database of the running cluster, as libpq reads it.
  ///
  /// - Precondition: ``start()`` has returned.
  public func address(user: String, password: String?, database: String) -> String {
    guard let layout = state.withLock({ $0.layout }) else {
      preconditionFailure("the cluster has not been started")
    }
    return Self.address(layout, user: user, password: password, database: database)
  }

  /// Ends all sessions, writes what is in memory and stops; it may be called twice.
  public func stop() async {
    let server = state.withLock { state in
      defer { state.server = nil }
      return state.server
    }
    if let server {
      // SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one.
      for (signal, seconds) in [(SIGINT, 60), (SIGQUIT, 10), (SIGKILL, 5)] {
        server.signal(signal)
        if await server.waitForExit(seconds: seconds) != nil { break }
      }
    }
    let layout = state.withLock { $0.layout }
    if let layout, !layout.socketFolder.hasPrefix(layout.home) { rmdir(layout.socketFolder) }
    releaseLock()
  }

  /// Lets go of the server without stopping it, as the kernel does for a process that is killed.
  func forget() {
    state.withLock { $0.server = nil }
    releaseLock()
  }

  private func run(_ layout: ClusterLayout) async throws(PrivateClusterError) -> ChildProcess {
    let version = Folders.text(of: layout.data + "/PG_VERSION")?.split(separator: "\n").first
    let programs = try ClusterPrograms.find(dataVersion: version.map(String.init))
    if version == nil {
      try await makeData(layout, programs)
    } else if let orphan = await adoptable(layout) {
      return orphan
    }
    let server = try ChildProcess.spawn(
      layout.command(
        [programs.postgres, "-D", layout.data]
          + configuration.serverArguments(socketFolder: layout.socketFolder)),
      environment: layout.environment, outputPath: layout.log)
    try await waitUntilReady(server, layout)
    return server
  }

  /// Makes the data beside its place and moves it there whole, so that a kill leaves no half.
  private func makeData(
    _ layout: ClusterLayout, _ programs: ClusterPrograms
  ) async throws(PrivateClusterError) {
    let part = layout.home + "/data.part"
    let sync = configuration.durability == .durable ? "" : "--no-sync"
    let script = """
      set -e
      rm -rf "$2"
      "$1" -D "$2" -U postgres -A trust -E UTF8 --locale=C --no-instructions $4
      printf 'local all postgres trust\\nlocal all all scram-sha-256\\n' >"$2/pg_hba.conf"
      mv -T "$2" "$3"
      """
    let child = try ChildProcess.spawn(
      layout.command(["/bin/sh", "-c", script, "sh", programs.initdb, part, layout.data, sync]),
      environment: layout.environment, outputPath: layout.log)
    guard await child.waitForExit(seconds: configuration.startSeconds) == 0 else {
      child.signal(SIGKILL)
      throw PrivateClusterError(.didNotStart, "initdb failed\n\(lastLines(of: layout.log))")
    }
  }

  /// The server that a killed process of ours left running, if it still answers.
  ///
  /// The lock is ours, so nobody else looks after it. One that does not become ready is stopped;
  /// a note of a process that is gone is left to PostgreSQL, which clears it.
  private func adoptable(_ layout: ClusterLayout) async -> ChildProcess? {
    guard let note = ServerNote(at: layout.processFile), note.isRunning(data: layout.data) else {
      return nil
    }
    let orphan = ChildProcess(id: note.processID)
    let clock = ContinuousClock()
    let end = clock.now + .seconds(configuration.startSeconds)
    while clock.now < end {
      guard let now = ServerNote(at: layout.processFile), orphan.exitCode() == nil else {
        return nil
      }
      if now.isReady && now.socketFolder == layout.socketFolder { return orphan }
      if now.isReady || now.isStopping {
        orphan.signal(SIGINT)
        _ = await orphan.waitForExit(seconds: configuration.startSeconds)
        return nil
      }
      await pause(milliseconds: 20)
    }
    orphan.signal(SIGQUIT)
    _ = await orphan.waitForExit(seconds: 10)
    return nil
  }

  private func waitUntilReady(
    _ server: ChildProcess, _ layout: ClusterLayout
  ) async throws(PrivateClusterError) {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(configuration.startSeconds)
    while clock.now < end {
      if let code = server.exitCode() {
        throw PrivateClusterError(
          .didNotStart, "postgres ended with \(code)\n\(lastLines(of: layout.log))")
      }
      if let note = ServerNote(at: layout.processFile), note.processID == server.id, note.isReady {
        return
      }
      await pause(milliseconds: 20)
    }
    server.signal(SIGQUIT)
    _ = await server.waitForExit(seconds: 10)
    throw PrivateClusterError(
      .didNotStart,
      "no answer in \(configuration.startSeconds) s\n\(lastLines(of: layout.log))")
  }

  private func takeLock(_ layout: ClusterLayout) throws(PrivateClusterError) {
    let file = open(layout.lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard file >= 0 else {
      throw PrivateClusterError(.folder, "\(layout.lock): \(Folders.reason())")
    }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      close(file)
      throw PrivateClusterError(
        .inUse, "\(layout.folder): another program runs this cluster; stop that one first")
    }
    state.withLock { $0.lock = file }
  }

  private func releaseLock() {
    let lock = state.withLock { state in
      defer { state.lock = nil }
      return state.lock
    }
    if let lock { close(lock) }
  }

  private static func address(
    _ layout: ClusterLayout, user: String, password: String?, database: String
  ) -> String {
    func quoted(_ text: String) -> String {
      let escaped = text.flatMap { $0 == "'" || $0 == "\\" ? ["\\", $0] : [$0] }
      return "'\(String(escaped))'"
    }
    let secret = password.map { " password=\(quoted($0))" } ?? ""
    return "host=\(quoted(layout.socketFolder)) port=\(ClusterLayout.portNumber)"
      + " user=\(quoted(user)) dbname=\(quoted(database))\(secret)"
  }
}

/// The end of a log, for an error message.
private func lastLines(of path: String) -> String {
  (Folders.text(of: path, bytesLimit: 4_096) ?? "").split(separator: "\n").suffix(15)
    .joined(separator: "\n")
}
