import Glibc

/// A program that this process started, in a process group of its own.
///
/// Ctrl-C at the terminal goes to the whole foreground group; the cluster must outlive it until
/// the services have drained, so it may not be in that group.
struct ChildProcess: Sendable {
  /// The process, which leads its own group.
  let id: pid_t

  /// Starts a program with its output appended to a file.
  static func spawn(
    _ arguments: [String], environment: [String], outputPath: String
  ) throws(PrivateClusterError) -> ChildProcess {
    guard let program = arguments.first else {
      throw PrivateClusterError(.spawn, "no program was named")
    }
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(
      &actions, 1, outputPath, O_WRONLY | O_CREAT | O_APPEND, 0o640)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    // The lock and the sockets of this process, and what its own parent left open, such as the
    // pipe of a job that waits for its end, are not the child's.
    for name in Folders.names(in: "/proc/self/fd") {
      if let file = Int32(name), file > 2 { _ = fcntl(file, F_SETFD, FD_CLOEXEC) }
    }
    // A service blocks or ignores signals that the child must hear.
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    posix_spawnattr_setflags(&attributes, Int16(flags))

    var id = pid_t()
    let result = withCStrings(arguments) { argv in
      withCStrings(environment) { envp in
        posix_spawn(&id, program, &actions, &attributes, argv, envp)
      }
    }
    guard result == 0 else {
      throw PrivateClusterError(.spawn, "\(program): \(String(cString: strerror(result)))")
    }
    return ChildProcess(id: id)
  }

  /// The exit code when the child has ended, 128 and the signal when one ended it, else nil.
  ///
  /// A process that is not (or no longer) a child counts as ended when it is gone.
  func exitCode() -> Int32? {
    var status: Int32 = 0
    let result = waitpid(id, &status, WNOHANG)
    if result == id {
      return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }
    // Not a child: a server taken over from a killed process.
    if result < 0 && (kill(id, 0) != 0 || isZombie) { return 0 }
    return nil
  }

  /// Whether the process has ended and its parent, PID 1 of a container, does not ask for it.
  private var isZombie: Bool {
    guard let status = Folders.text(of: "/proc/\(id)/stat") else { return true }
    // The name is in parentheses and may hold any character; the state comes after it.
    return status.split(separator: ")").last?.hasPrefix(" Z") == true
  }

  /// Waits until the child has ended, or gives nil when the time is over.
  func waitForExit(seconds: Int) async -> Int32? {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(seconds)
    while true {
      if let code = exitCode() { return code }
      guard clock.now < end else { return nil }
      await pause(milliseconds: 20)
    }
  }

  /// Sends a signal to the child alone; its own children follow it.
  func signal(_ number: Int32) { kill(id, number) }
}

/// Waits a moment; a cancelled task does not wait, and its loop ends by its own deadline.
func pause(milliseconds: Int) async {
  do {
    try await Task.sleep(for: .milliseconds(milliseconds))
  } catch {
    // Stopping PostgreSQL goes on when the task is cancelled: give the processor away and look on.
    await Task.yield()
  }
}

/// Lends texts to C as a list that ends with a null pointer.
private func withCStrings<Result>(
  _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  var pointers: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) }
  pointers.append(nil)
  defer { for pointer in pointers { free(pointer) } }
  return pointers.withUnsafeMutableBufferPointer { buffer in
    guard let base = buffer.baseAddress else { preconditionFailure("the list is never empty") }
    return body(base)
  }
}
