internal import CSpawn
internal import Foundation
internal import Glibc

/// A child that has just been started, with our ends of its pipes.
struct SpawnedChild {
  let id: pid_t
  /// Our end of the standard input that is held open, if any.
  let input: Int32?
  /// Our end of the standard output when it is collected.
  let output: Int32?
  /// Our end of the standard error when it is collected.
  let errorOutput: Int32?

  /// Starts a program as the leader of a process group of its own.
  static func spawn(_ command: ChildCommand) throws(ChildProcessError) -> SpawnedChild {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    var streams = Streams()
    let result: Int32
    do {
      try streams.input(command, &actions)
      let output = try streams.output(command, command.output, number: 1, &actions)
      let errorOutput = try streams.output(command, command.errorOutput, number: 2, &actions)
      // The tests' sockets and pipes, of which others wait for the end, are not the child's.
      cspawn_add_closefrom(&actions, 3)
      if let folder = command.folder {
        cspawn_add_chdir(&actions, folder)
      }
      setAttributes(&attributes)
      var id = pid_t()
      result = start(command, &id, &actions, &attributes)
      for file in streams.childs { close(file) }
      if result == 0 {
        return SpawnedChild(id: id, input: streams.held, output: output, errorOutput: errorOutput)
      }
    } catch {
      for file in streams.childs { close(file) }
      for file in streams.ours { close(file) }
      throw error
    }
    for file in streams.ours { close(file) }
    throw ChildProcessError(.spawn, command.words, String(cString: strerror(result)))
  }

  /// Its own group, and signals as a shell would give them.
  ///
  /// Threads of the test runner block or ignore signals, which a child would inherit.
  private static func setAttributes(_ attributes: inout posix_spawnattr_t) {
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    posix_spawnattr_setflags(&attributes, Int16(flags))
  }

  private static func start(
    _ command: ChildCommand, _ id: inout pid_t, _ actions: inout posix_spawn_file_actions_t,
    _ attributes: inout posix_spawnattr_t
  ) -> Int32 {
    let variables = command.environment ?? ProcessInfo.processInfo.environment
    var words: [UnsafeMutablePointer<CChar>?] = command.words.map { strdup($0) }
    var environment: [UnsafeMutablePointer<CChar>?] = variables.map { strdup("\($0)=\($1)") }
    defer { for pointer in words + environment { free(pointer) } }
    words.append(nil)
    environment.append(nil)
    return posix_spawnp(&id, command.words[0], &actions, &attributes, words, environment)
  }
}

/// The files of the standard streams while a child is being started.
private struct Streams {
  /// Those that only the child keeps.
  private(set) var childs: [Int32] = []
  /// Those that we keep when it has started.
  private(set) var ours: [Int32] = []
  /// The one of them that holds its input open.
  private(set) var held: Int32?

  mutating func input(
    _ command: ChildCommand, _ actions: inout posix_spawn_file_actions_t
  ) throws(ChildProcessError) {
    switch command.input {
    case .nothing:
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    case .file(let path):
      posix_spawn_file_actions_addopen(&actions, 0, path, O_RDONLY, 0)
    case .heldOpen:
      let (reading, writing) = try pipe(command)
      childs.append(reading)
      ours.append(writing)
      held = writing
      posix_spawn_file_actions_adddup2(&actions, reading, 0)
    }
  }

  /// Sets one of the streams and gives our end of it.
  mutating func output(
    _ command: ChildCommand, _ output: ChildCommand.Output, number: Int32,
    _ actions: inout posix_spawn_file_actions_t
  ) throws(ChildProcessError) -> Int32? {
    switch output {
    case .discarded:
      posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_WRONLY, 0)
      return nil
    case .file(let path):
      posix_spawn_file_actions_addopen(
        &actions, number, path, O_WRONLY | O_CREAT | O_APPEND, 0o640)
      return nil
    case .collected:
      let (reading, writing) = try pipe(command)
      ours.append(reading)
      childs.append(writing)
      posix_spawn_file_actions_adddup2(&actions, writing, number)
      return reading
    }
  }

  /// A pipe that no program inherits which another thread starts at this moment.
  private func pipe(
    _ command: ChildCommand
  ) throws(ChildProcessError) -> (reading: Int32, writing: Int32) {
    var files: [Int32] = [0, 0]
    guard cspawn_pipe(&files) == 0 else {
      throw ChildProcessError(.spawn, command.words, String(cString: strerror(errno)))
    }
    return (files[0], files[1])
  }
}
