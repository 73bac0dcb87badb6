internal import Foundation

/// A program that a test starts: always with an end, whatever happens to the test.
///
/// `Foundation.Process` is not used, because its `waitUntilExit` hangs at times among the many
/// threads of a test run, and because a child that nobody has asked for the end of (a zombie) makes
/// every exit test of the same run spin. Here a thread of the child's own sleeps in the kernel
/// until the child ends, takes its status at once and wakes who waits for it: no test looks again
/// and again.
///
/// The child leads a process group, and whatever it started is killed with it.
///
/// ```swift
/// let answer = try await ChildProcess.run(ChildCommand(["openssl", "version"]))
/// let server = try ChildProcess.start(ChildCommand(["openssl", "s_server", …]))
/// defer { server.stop() }
/// let port = try await server.port(afterLineWith: "ACCEPT")
/// ```
public final class ChildProcess: Sendable {
  /// What it says on its standard output.
  public let output: ChildOutput

  /// What it says on its standard error.
  public let errorOutput: ChildOutput

  private let command: ChildCommand
  // Held apart, so that the threads that serve the child do not keep this object.
  let life: ChildLife

  private init(command: ChildCommand, spawned: SpawnedChild) {
    self.command = command
    life = ChildLife(id: spawned.id, heldInput: spawned.input)
    output = ChildOutput(reading: spawned.output)
    errorOutput = ChildOutput(reading: spawned.errorOutput)
  }

  deinit { life.kill() }

  /// Starts a program and comes back while it runs.
  public static func start(_ command: ChildCommand) throws(ChildProcessError) -> ChildProcess {
    ChildProcess(command: command, spawned: try SpawnedChild.spawn(command))
  }

  /// Runs a program to its end.
  ///
  /// - Parameters:
  ///   - command: What to run.
  ///   - limit: How long it may take. It is killed when it takes longer.
  /// - Returns: How it ended, which may be otherwise than well, and what it said.
  /// - Throws: ``ChildProcessError`` when it cannot be started or does not end in time.
  public static func run(
    _ command: ChildCommand, within limit: Duration = .seconds(60)
  ) async throws(ChildProcessError) -> ChildOutcome {
    try await start(command).outcome(within: limit)
  }

  /// Waits for the program to end by itself.
  ///
  /// - Parameter limit: How long that may take. It is killed when it takes longer.
  /// - Returns: How it ended, which may be otherwise than well, and what it said.
  /// - Throws: ``ChildProcessError`` when it does not end in time.
  public func outcome(
    within limit: Duration = .seconds(60)
  ) async throws(ChildProcessError) -> ChildOutcome {
    life.endInput()
    return try await within(limit, "did not end") { [command, life, output, errorOutput] in
      ChildOutcome(
        words: command.words, exit: await life.exit(), output: await output.end(),
        errorOutput: await errorOutput.end())
    }
  }

  /// The first line of its output that holds a text, as soon as it is there.
  ///
  /// - Parameters:
  ///   - text: What the line holds.
  ///   - limit: How long the program may take to say so. It is killed when it takes longer.
  /// - Returns: The line without its end.
  /// - Throws: ``ChildProcessError``, with what was said instead, when the line does not come.
  public func line(
    containing text: String, within limit: Duration = .seconds(60)
  ) async throws(ChildProcessError) -> String {
    let line = try await within(limit, "did not say '\(text)'") {
      [life, output, errorOutput] () -> String? in
      if let line = await output.line(containing: text) { return line }
      // The output has ended without the line: the program has, or is of no use any more. Why, it
      // may have told on its other stream.
      life.kill()
      _ = await life.exit()
      _ = await errorOutput.end()
      return nil
    }
    if let line { return line }
    throw error(.ended, "ended without '\(text)', by \(await life.exit())")
  }

  /// The number at the end of the first line that holds a text, as servers tell their port.
  public func port(
    afterLineWith text: String, within limit: Duration = .seconds(60)
  ) async throws(ChildProcessError) -> Int {
    let line = try await line(containing: text, within: limit)
    let digits = line.reversed().drop { $0.isWhitespace }.prefix { $0.isNumber }.reversed()
    guard let port = Int(String(digits)) else { throw error(.noPort, "said '\(line)'") }
    return port
  }

  /// Kills the program and waits until it is gone.
  ///
  /// It blocks, for as long as the kernel takes to end a process that can do nothing against it, so
  /// that it may stand in a `defer`. Who tells is a thread of the child's own, never one of the pool
  /// that may be blocked here.
  public func stop() {
    life.kill()
    life.waitBlocking()
  }

  /// Runs the body; kills the program when the time is over or the test is cancelled.
  ///
  /// The end of the child is what wakes the body then, so that nothing is ever left waiting.
  private func within<Result: Sendable>(
    _ limit: Duration, _ failure: String, _ body: @escaping @Sendable () async -> Result
  ) async throws(ChildProcessError) -> Result {
    let result = await withTaskGroup(of: Result?.self) { group in
      group.addTask { await body() }
      group.addTask {
        // The limit itself: it is cut short by the body's end and by the test's cancellation.
        try? await Task.sleep(for: limit)
        return nil
      }
      let first = await group.next().flatMap { $0 }
      if first == nil {
        life.kill()
        // A program that left the group may hold the pipes open; it is not waited for.
        output.finish()
        errorOutput.finish()
      }
      group.cancelAll()
      return first
    }
    if let result { return result }
    throw Task.isCancelled
      ? error(.cancelled, "\(failure) before the test was cancelled")
      : error(.timeLimit, "\(failure) within \(limit)")
  }

  private func error(_ code: ChildProcessError.Code, _ detail: String) -> ChildProcessError {
    ChildProcessError(
      code, command.words, detail, said: "\(output.text)\n\(errorOutput.text)")
  }
}
