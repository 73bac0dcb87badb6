import Foundation
import Glibc
import Testing

@testable import TestSupport

@Suite("Programs that tests start", .timeLimit(.minutes(1)))
struct ChildProcessTests {
  private func shell(
    _ script: String, input: ChildCommand.Input = .nothing
  ) -> ChildCommand {
    ChildCommand(["sh", "-c", script], input: input)
  }

  private func isGone(_ id: pid_t) -> Bool { kill(id, 0) != 0 && errno == ESRCH }

  @Test(arguments: [0, 1, 255] as [Int32])
  func `an exit status and both outputs are told`(status: Int32) async throws {
    let outcome = try await ChildProcess.run(shell("echo out; echo err >&2; exit \(status)"))
    #expect(outcome.exit == .code(status))
    #expect(outcome.output == "out\n")
    #expect(outcome.errorOutput == "err\n")
  }

  @Test func `an end by a signal is told as one`() async throws {
    let outcome = try await ChildProcess.run(shell("kill -TERM $$"))
    #expect(outcome.exit == .signal(SIGTERM))
    #expect(throws: ChildProcessError.self) { try outcome.requireSuccess() }
  }

  @Test func `more than a pipe holds is read whole`() async throws {
    let outcome = try await ChildProcess.run(ChildCommand(["seq", "100000"]))
    #expect(outcome.output.utf8.count == 588_895)
    #expect(outcome.output.hasSuffix("\n100000\n"))
  }

  @Test func `variables, folder and files are the command's`() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "tidemark-child-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let written = folder.appending(path: "written").path
    var command = shell("pwd -P; env | grep TIDE")
    command.environment = ["PATH": "/usr/bin:/bin", "TIDE": "high"]
    command.folder = folder.path
    command.output = .file(written)
    let outcome = try await ChildProcess.run(command)
    #expect(outcome.output.isEmpty)
    let text = try String(contentsOfFile: written, encoding: .utf8)
    #expect(text.hasSuffix("\(folder.lastPathComponent)\nTIDE=high\n"))
    var reader = ChildCommand(["cat"])
    reader.input = .file(written)
    #expect(try await ChildProcess.run(reader).output == text)
  }

  @Test func `it gets no file of ours and no blocked signal`() async throws {
    // The shell lists its own files; the fourth is the folder that it reads.
    let files = try await ChildProcess.run(ChildCommand(["ls", "/proc/self/fd"]))
    #expect(files.output == "0\n1\n2\n3\n")
    let signals = try await ChildProcess.run(
      ChildCommand(["grep", "-E", "^Sig(Blk|Ign):", "/proc/self/status"]))
    let masks = signals.output.split(separator: "\n").compactMap {
      UInt64($0.drop { $0 != "\t" }.dropFirst(), radix: 16)
    }
    // The C library has two signals of its own, beyond those that have a name.
    #expect(masks.map { $0 & 0x7fff_ffff } == [0, 0], "\(signals.output)")
  }

  @Test func `a program that is not there is refused when it is started`() {
    let error = #expect(throws: ChildProcessError.self) {
      _ = try ChildProcess.start(ChildCommand(["tidemark-no-such-program"]))
    }
    #expect(error?.code == .spawn)
  }

  @Test func `who takes too long is killed, with all that it started`() async throws {
    let child = try ChildProcess.start(shell("echo up; tail -f /dev/null & tail -f /dev/null"))
    _ = try await child.line(containing: "up")
    let error = await #expect(throws: ChildProcessError.self) {
      _ = try await child.outcome(within: .milliseconds(1))
    }
    #expect(error?.code == .timeLimit)
    #expect(await child.life.exit() == .signal(SIGKILL))
    // The group is gone when nobody is left that a signal could reach.
    #expect(isGone(child.life.id))
  }

  @Test func `what it started does not outlive it and hold its output`() async throws {
    let outcome = try await ChildProcess.run(shell("tail -f /dev/null & echo done"))
    #expect(outcome.exit == .code(0))
    #expect(outcome.output == "done\n")
  }

  @Test func `a cancelled test does not wait for it`() async throws {
    let child = try ChildProcess.start(ChildCommand(["cat"], input: .heldOpen))
    let error = await #expect(throws: ChildProcessError.self) {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { _ = try await child.line(containing: "never") }
        group.cancelAll()
        try await group.waitForAll()
      }
    }
    #expect(error?.code == .cancelled)
    #expect(await child.life.exit() == .signal(SIGKILL))
  }

  @Test func `a line is there as soon as it is said, and said lines stay`() async throws {
    let child = try ChildProcess.start(
      shell("echo first; printf 'port 80'; echo 81; cat", input: .heldOpen))
    #expect(try await child.port(afterLineWith: "port") == 8_081)
    #expect(try await child.line(containing: "first") == "first")
    let outcome = try await child.outcome()
    #expect(outcome.exit == .code(0))
  }

  @Test func `a server that ends without its line is told with what it said`() async throws {
    let child = try ChildProcess.start(shell("echo no certificate >&2; exit 3"))
    let error = await #expect(throws: ChildProcessError.self) {
      _ = try await child.port(afterLineWith: "listening")
    }
    #expect(error?.code == .ended)
    #expect(error?.detail.contains("code(3)") == true)
    #expect(error?.detail.contains("no certificate") == true)
  }

  @Test func `who is stopped is gone at once`() throws {
    let child = try ChildProcess.start(ChildCommand(["cat"], input: .heldOpen))
    child.stop()
    #expect(isGone(child.life.id))
    child.stop()
  }

  @Test func `who is dropped is killed and reaped`() async throws {
    func dropped() throws -> ChildLife {
      try ChildProcess.start(ChildCommand(["cat"], input: .heldOpen)).life
    }
    let life = try dropped()
    #expect(await life.exit() == .signal(SIGKILL))
    #expect(isGone(life.id))
  }

  @Test func `many end at the same time and each tells its own status`() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for status in 0..<64 as Range<Int32> {
        group.addTask {
          let outcome = try await ChildProcess.run(shell("exit \(status)"))
          #expect(outcome.exit == .code(status))
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func `an exit test ends while children come and go`() async throws {
    async let children: Void = {
      for _ in 0..<20 { _ = try await ChildProcess.run(ChildCommand(["true"])) }
    }()
    await #expect(processExitsWith: .exitCode(7)) { exit(7) }
    try await children
  }
}

@Suite("Certificates of tests", .timeLimit(.minutes(1)))
struct TestCertificatesTests {
  @Test func `the authority vouches for the host's certificate and for its name`() async throws {
    let certificates = try await TestCertificates(host: "other.example")
    defer { certificates.remove() }
    func verify(_ host: String) async throws -> ChildExit {
      try await ChildProcess.run(
        ChildCommand([
          "openssl", "verify", "-CAfile", certificates.authorityFile, "-verify_hostname", host,
          certificates.certificateFile,
        ])
      ).exit
    }
    #expect(try await verify("other.example") == .code(0))
    #expect(try await verify("localhost") != .code(0))
    certificates.remove()
    #expect(!FileManager.default.fileExists(atPath: certificates.folder.path))
  }
}
