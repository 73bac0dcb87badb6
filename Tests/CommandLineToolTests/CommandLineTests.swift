import Glibc
import Locking
import ServiceRuntime
import Testing

@testable import CommandLineTool

@Suite("Command line")
struct CommandLineTests {
  @Test func `without a word it lists every subcommand and ends with 2`() async {
    let (code, screen) = await run([])
    #expect(code == 2)
    for command in CommandTable.commands {
      #expect(screen.output.contains(command.name), "\(command.name)")
      #expect(screen.output.contains(command.summary))
    }
  }

  @Test("help ends with 0", arguments: ["help", "--help", "-h"])
  func helpIsSuccess(word: String) async {
    #expect(await run([word]).0 == 0)
  }

  @Test("every subcommand explains itself", arguments: CommandTable.commands.map(\.name))
  func everyCommandHasHelp(name: String) async {
    let (code, screen) = await run([name, "--help"])
    #expect(code == 0)
    #expect(screen.output.hasPrefix("usage: tidemark \(name)"))
  }

  @Test func `an unknown subcommand is named and ends with 2`() async {
    let (code, screen) = await run(["fly"])
    #expect(code == 2)
    #expect(screen.aside.contains("\"fly\""))
  }

  @Test func `an unknown flag is named and nothing is done`() async {
    let (code, screen) = await run(["work", "FILE", "--speed", "9"], table: [.work])
    #expect(code == 2)
    #expect(screen.aside.contains("--speed"))
    #expect(screen.output.isEmpty)
  }

  @Test func `a missing word and a word too many are named`() async {
    let missing = await run(["work"], table: [.work])
    let tooMany = await run(["work", "one", "two"], table: [.work])
    #expect(missing.0 == 2 && missing.1.aside.contains("FILE is missing"))
    #expect(tooMany.0 == 2 && tooMany.1.aside.contains("\"two\""))
  }

  @Test func `a switch does not swallow the word after it`() async {
    let (code, screen) = await run(["work", "--quick", "name"], table: [.work])
    #expect(code == 0)
    #expect(screen.output == "name true 1\n")
  }

  @Test("a flag takes its value in both forms", arguments: [["--count", "7"], ["--count=7"]])
  func flagForms(flag: [String]) async {
    let (code, screen) = await run(["work", "name"] + flag, table: [.work])
    #expect(code == 0)
    #expect(screen.output == "name false 7\n")
  }

  @Test(
    "a flag without its value is refused", arguments: [["--count"], ["--count", "--other", "x"]])
  func flagWithoutValue(flags: [String]) async {
    let (code, screen) = await run(["work", "name"] + flags, table: [.work])
    #expect(code == 2)
    #expect(screen.aside.contains("--count needs a value; `tidemark work --help` names all flags"))
  }

  @Test func `the environment speaks where no flag does`() async {
    let environment = ["TIDEMARK_CLIENT_COUNT": "3"]
    let alone = await run(["work", "name"], environment: environment, table: [.work])
    let both = await run(["work", "name", "--count=4"], environment: environment, table: [.work])
    #expect(alone.1.output == "name false 3\n")
    #expect(both.1.output == "name false 4\n")
  }

  @Test func `a failure is told in its own words and ends with 1`() async {
    let (code, screen) = await run(["work", "broken"], table: [.work])
    #expect(code == 1)
    #expect(screen.aside == "tidemark work: it is broken\n")
  }
}

@Suite("Progress")
struct ProgressTests {
  @Test(
    "the bar is full only when all is done",
    arguments: [
      (0, 10, "[----------]   0 %"), (5, 10, "[#####-----]  50 %"), (10, 10, "[##########] 100 %"),
      (999, 1_000, "[#########-]  99 %"), (0, 0, "[##########] 100 %"),
      (12, 10, "[##########] 100 %"),
    ] as [(Int64, Int64, String)])
  func bar(done: Int64, due: Int64, text: String) {
    #expect(ProgressReport.bar(done, of: due, width: 10) == text)
  }

  @Test func `without a terminal a line comes every few seconds, not with each step`() {
    let screen = Screen()
    let start = ContinuousClock().now
    var report = ProgressReport(screen.terminal, label: "scan", unit: "series", at: start)
    for step in 0..<70 {
      report.update(Int64(step), of: 70, at: start + .milliseconds(100 * step))
    }
    #expect(screen.aside.split(separator: "\n").count == 3)
    #expect(screen.aside.contains("\r") == false)
  }

  @Test(
    "numbers are grouped by thousands",
    arguments: [(0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567")]
      as [(Int64, String)])
  func groups(number: Int64, text: String) {
    #expect(grouped(number) == text)
  }
}

@Suite("Caller keys")
struct CallerKeysTests {
  @Test func `keys are made once, closed to others, and all of them are trusted`() throws {
    var template = Array("/tmp/tidemark-keys-XXXXXX\0".utf8CString)
    let folder = String(cString: try #require(mkdtemp(&template)))
    defer {
      for name in SmallFiles.names(in: folder) { unlink("\(folder)/\(name)") }
      rmdir(folder)
    }
    #expect(try CallerKeys.generate(in: folder, names: ["one"]) == 1)
    let first = try SmallFiles.text(CallerKeys.keyFile(folder, "one"))
    #expect(try CallerKeys.generate(in: folder, names: ["one", "two"]) == 1)
    #expect(try SmallFiles.text(CallerKeys.keyFile(folder, "one")) == first)
    let trusted = try SmallFiles.text("\(folder)/callers.yaml")
    #expect(trusted.contains("\none: ") && trusted.contains("\ntwo: "))
    var status = stat()
    #expect(stat(CallerKeys.keyFile(folder, "one"), &status) == 0)
    #expect(status.st_mode & 0o777 == 0o400)
  }

  @Test("a name that would leave the folder is refused", arguments: ["", "../up", "a/b", "a b"])
  func badNames(name: String) {
    #expect(throws: CommandError.self) {
      _ = try CallerKeys.generate(in: "/tmp", names: [name])
    }
  }
}

/// What a command wrote.
final class Screen: Sendable {
  private let texts = Locked((output: "", aside: ""))

  var output: String { texts.withLock { $0.output } }
  var aside: String { texts.withLock { $0.aside } }

  var terminal: Terminal {
    Terminal(
      write: { text in self.texts.withLock { $0.output += text } },
      writeAside: { text in self.texts.withLock { $0.aside += text } }, isInteractive: false)
  }
}

extension Command {
  /// A command that shows what it was given.
  static let work = Command(
    "work", ["FILE"], switches: ["quick"], summary: "Works.",
    run: { context in
      let isQuick = context.reader.boolean("quick")
      let count = context.reader.integer("count", default: 1)
      try context.settingsAreRead()
      let file = context.position(0) ?? ""
      if file == "broken" { throw CommandError("it is broken") }
      context.terminal.line("\(file) \(isQuick) \(count)")
      return 0
    })
}

private func run(
  _ words: [String], environment: [String: String] = [:],
  table: [Command] = CommandTable.commands
) async -> (Int32, Screen) {
  let screen = Screen()
  let code = await CommandLineMain.run(
    words, environment: environment, terminal: screen.terminal, table: table)
  return (code, screen)
}
