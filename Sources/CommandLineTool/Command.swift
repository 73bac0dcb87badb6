import ServiceRuntime

/// One subcommand: a row of the table in ``CommandTable``.
struct Command: Sendable {
  /// How the words are written, such as `rpc`.
  let name: String

  /// What it takes in order; a name in brackets may be left out, one with dots may be repeated.
  let positions: [String]

  /// Flags that stand alone, so that the word after them is not their value.
  let switches: Set<String>

  /// Whether it calls a running house, whose addresses stand in the client's file.
  let isClient: Bool

  /// One sentence, for lists and as the head of its help.
  let summary: String

  /// Does it; gives the exit code.
  let run: @Sendable (CommandContext) async throws -> Int32

  init(
    _ name: String, _ positions: [String] = [], switches: Set<String> = [],
    isClient: Bool = false, summary: String,
    run: @escaping @Sendable (CommandContext) async throws -> Int32
  ) {
    self.name = name
    self.positions = positions
    self.switches = switches
    self.isClient = isClient
    self.summary = summary
    self.run = run
  }

  /// How it is called.
  var usage: String { (["tidemark", name] + positions + ["[--flags]"]).joined(separator: " ") }

  private var positionsRequired: Int { positions.filter { !$0.hasPrefix("[") }.count }

  /// Parts the words after the subcommand's name into positions and flags.
  func parse(_ words: [String]) throws(UsageError) -> (positions: [String], flags: [String]) {
    var found: [String] = []
    var flags: [String] = []
    var rest = words[...]
    while let word = rest.popFirst() {
      guard word.hasPrefix("-"), word != "-" else {
        found.append(word)
        continue
      }
      let key = String(word.drop { $0 == "-" })
      if word == "--" {
        found += rest
        break
      } else if key == "h" || Self.requests.contains(key) || key.contains("=") {
        flags.append(word)
      } else if switches.contains(key) {
        flags.append("--\(key)=true")
      } else if let value = rest.popFirst(), !value.hasPrefix("--") {
        flags.append("--\(key)=\(value)")
      } else {
        throw UsageError(
          "--\(key) needs a value; `tidemark \(name) --help` names all flags", usage)
      }
    }
    let isAsked = flags.contains { Self.requests.contains(String($0.drop { $0 == "-" })) }
    let isRepeated = positions.last?.contains("...") == true
    if found.count > positions.count && !isRepeated {
      throw UsageError("\"\(found[positions.count])\" is one word too many", usage)
    }
    if found.count < positionsRequired && !isAsked && !flags.contains("-h") {
      throw UsageError("\(positions[found.count]) is missing", usage)
    }
    return (found, flags)
  }

  private static let requests: Set<String> = ["help", "check-config", "print-config"]
}

/// What a subcommand gets.
struct CommandContext {
  /// The row of the table.
  let command: Command

  /// The words that are not flags, in order.
  let positions: [String]

  /// The flags, the environment (`TIDEMARK_CLIENT_…`) and the client's file.
  let reader: ConfigurationReader

  /// Where to write.
  let terminal: Terminal

  /// The word at a place, when there is one.
  func position(_ index: Int) -> String? {
    index < positions.count ? positions[index] : nil
  }
}

extension CommandContext {
  /// Says that all settings were looked up: throws their faults, or the answer when the command
  /// line asks for help or settings instead of the work.
  func settingsAreRead() throws {
    try reader.finish()
    switch reader.request {
    case .serve: return
    case .help:
      throw SettingsAnswer(
        text: "usage: \(command.usage)\n\n"
          + reader.helpText(
            summary: command.summary, apart: HouseClient.keys, hidden: HouseClient.keysOfServers,
            apartTitle: "How the house is reached; `tidemark up` and the demo write a file of it",
            instead: "Instead of the work"))
    case .printConfiguration: throw SettingsAnswer(text: reader.printedConfiguration())
    case .checkConfiguration: throw SettingsAnswer(text: "configuration is good\n")
    }
  }
}

extension CommandContext {
  /// A value that the command line's own words make: what cannot be understood of them is a fault of
  /// the command line, and ends with 2.
  func told<Value>(_ make: () throws -> Value) throws -> Value {
    do {
      return try make()
    } catch let error as CommandError {
      throw UsageError(error.description, command.usage)
    }
  }
}

/// What is printed when help or settings were asked for instead of the work.
struct SettingsAnswer: Error {
  /// The whole answer.
  let text: String
}

/// A command line that cannot be understood.
struct UsageError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong, and how the command is called.
  let description: String

  init(_ fault: String, _ usage: String) {
    description = "\(fault)\nusage: \(usage)"
  }
}

/// A failure that a command explains by itself; it ends with exit code 1.
struct CommandError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What failed and what to do about it.
  let description: String

  init(_ description: String) { self.description = description }
}
