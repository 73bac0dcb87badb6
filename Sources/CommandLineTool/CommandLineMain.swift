import Glibc
import ServiceRuntime

/// The entry of the program `tidemark`.
public enum CommandLineMain {
  /// Runs the subcommand that the process was started with, and gives its exit code.
  ///
  /// 0 is success, 1 a failure, 2 a command line or settings that cannot be understood.
  public static func run() async -> Int32 {
    await run(
      Array(CommandLine.arguments.dropFirst()), environment: ProcessEnvironment.variables(),
      terminal: .process)
  }

  /// Runs a subcommand with everything given.
  static func run(
    _ words: [String], environment: [String: String], terminal: Terminal,
    table: [Command] = CommandTable.commands
  ) async -> Int32 {
    guard let name = words.first, !["help", "--help", "-h"].contains(name) else {
      terminal.write(help(table))
      return words.isEmpty ? ServiceProcess.ExitCode.configuration : 0
    }
    guard let command = table.first(where: { $0.name == name }) else {
      terminal.note("tidemark: there is no \"\(name)\"\n\n" + help(table))
      return ServiceProcess.ExitCode.configuration
    }
    do {
      let (positions, flags) = try command.parse(Array(words.dropFirst()))
      let reader = ConfigurationReader(
        arguments: flags,
        environment: command.isClient ? withClientFile(environment) : environment,
        service: "client")
      return try await command.run(
        CommandContext(command: command, positions: positions, reader: reader, terminal: terminal))
    } catch let error as UsageError {
      terminal.note("tidemark \(name): \(error)")
      return ServiceProcess.ExitCode.configuration
    } catch let error as ConfigurationError {
      for fault in error.faults { terminal.note("tidemark \(name): \(fault)") }
      return ServiceProcess.ExitCode.configuration
    } catch let answer as SettingsAnswer {
      terminal.write(answer.text)
      return 0
    } catch {
      terminal.note("tidemark \(name): \(error)")
      return ServiceProcess.ExitCode.failure
    }
  }

  /// The client's file is `.tidemark/client.yaml` when nothing else is said and it is there: the
  /// demo and `tidemark up` write it.
  private static func withClientFile(_ environment: [String: String]) -> [String: String] {
    var environment = environment
    let key = "TIDEMARK_CLIENT_CONFIG"
    if environment[key] == nil && access(clientFile, R_OK) == 0 { environment[key] = clientFile }
    return environment
  }

  /// Where a running house says how to reach it.
  static let clientFile = ".tidemark/client.yaml"

  private static func help(_ table: [Command]) -> String {
    let width = table.map(\.name.count).max() ?? 0
    let rows = table.map { command in
      let padding = String(repeating: " ", count: width - command.name.count)
      return "  \(command.name)\(padding)  \(command.summary)\n"
    }
    return """
      Tidemark learns what is normal for each customer and tells what is not.

      usage: tidemark COMMAND ...; tidemark COMMAND --help says more

      \(rows.joined())
      """
  }
}
