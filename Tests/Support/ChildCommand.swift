/// What program to run, and with what.
public struct ChildCommand: Sendable {
  /// Where its standard input comes from.
  public enum Input: Sendable {
    /// It ends at once.
    case nothing
    /// A file, by its path.
    case file(String)
    /// A pipe in which nothing comes, and which ends when this process does, however it ends.
    case heldOpen
  }

  /// Where a standard stream of it goes.
  public enum Output: Sendable {
    /// Nowhere.
    case discarded
    /// A file, by its path; it is made when it is missing, and appended to.
    case file(String)
    /// A pipe that is read as it fills.
    case collected
  }

  /// The program, by its path or looked up in `PATH`, and its arguments.
  public var words: [String]

  /// All variables that it gets, or nil for those of this process.
  public var environment: [String: String]?

  /// The working directory, or nil for that of this process.
  public var folder: String?

  /// Its standard input.
  public var input: Input

  /// Its standard output.
  public var output: Output

  /// Its standard error.
  public var errorOutput: Output

  /// A command that says nothing to the terminal of the tests unless asked.
  public init(
    _ words: [String], environment: [String: String]? = nil, folder: String? = nil,
    input: Input = .nothing, output: Output = .collected, errorOutput: Output = .collected
  ) {
    precondition(!words.isEmpty, "a command begins with its program")
    self.words = words
    self.environment = environment
    self.folder = folder
    self.input = input
    self.output = output
    self.errorOutput = errorOutput
  }
}

/// How a program ended.
public enum ChildExit: Sendable, Hashable {
  /// By itself, with this exit status.
  case code(Int32)
  /// By this signal.
  case signal(Int32)
}

/// How a program ended and what it had said until then.
public struct ChildOutcome: Sendable {
  /// The program and its arguments.
  public let words: [String]

  /// How it ended.
  public let exit: ChildExit

  /// Its collected standard output.
  public let output: String

  /// Its collected standard error.
  public let errorOutput: String

  /// Passes only when the program ended well.
  ///
  /// - Throws: ``ChildProcessError`` with what the program said on its standard error.
  public func requireSuccess() throws(ChildProcessError) {
    guard exit == .code(0) else {
      throw ChildProcessError(.failed, words, "ended with \(exit)", said: errorOutput)
    }
  }
}

/// Why a program could not be used.
public struct ChildProcessError: Error, Sendable, CustomStringConvertible {
  /// The kinds of failure.
  public enum Code: Sendable {
    /// It could not be started.
    case spawn
    /// It took longer than it may.
    case timeLimit
    /// The test was cancelled meanwhile.
    case cancelled
    /// It ended before it said what was waited for.
    case ended
    /// The line that should tell a port does not.
    case noPort
    /// It ended otherwise than well.
    case failed
  }

  /// The kind of failure.
  public let code: Code

  /// The program and its arguments.
  public let words: [String]

  /// What happened, with the end of what the program said.
  public let detail: String

  /// Makes an error; of what was said the last 2000 characters are kept.
  init(_ code: Code, _ words: [String], _ detail: String, said: String = "") {
    self.code = code
    self.words = words
    self.detail = said.allSatisfy(\.isWhitespace) ? detail : "\(detail): \(said.suffix(2_000))"
  }

  /// The command and what happened to it.
  public var description: String { "\(words.joined(separator: " ")): \(detail)" }
}
