/// Reads the settings of one service: flags over environment over YAML file over default.
///
/// Each look-up gives a value at once; where there is none that fits, the fault is kept and a
/// harmless stand-in is given. ``finish()`` throws all faults together, unknown keys among them.
/// One task reads; the reader is thrown away after the start.
public final class ConfigurationReader {
  /// What the command line asks for instead of service.
  public enum Request: Sendable, Hashable {
    /// Serve.
    case serve
    /// Tell whether the settings are good.
    case checkConfiguration
    /// Print the settings.
    case printConfiguration
    /// Print the keys.
    case help
  }

  /// One key that was looked up.
  struct Known {
    let key: String
    let help: String
    let fallback: String?
    let isSecret: Bool
    let isList: Bool
    let values: [String]?
    let source: String
  }

  /// The name of the service, as in `TIDEMARK_<SERVICE>_<KEY>`.
  public let service: String

  /// What the command line asks for.
  public let request: Request

  private let flags: [String: [String]]
  private let environment: [String: String]
  private let file: [String: SettingsFile.Setting]
  private(set) var known: [String: Known] = [:]
  private var faults: [String]

  /// Takes what the process was started with; arguments come without the program's own name.
  public init(arguments: [String], environment: [String: String], service: String) {
    self.service = service
    var parsed = CommandLineFlags(arguments)
    // Compose files and units write a variable without a value where none is meant.
    self.environment = environment.filter { !$0.value.isEmpty }
    request = parsed.takeRequest()
    let path =
      parsed.flags.removeValue(forKey: "config")?.last
      ?? self.environment[Self.variable(service: service, key: "config")]
    flags = parsed.flags
    faults = parsed.faults
    if let path {
      let loaded = SettingsFile.settings(path)
      file = loaded.settings
      faults += loaded.faults
    } else {
      file = [:]
    }
  }

  /// What this process was started with.
  public static func process(service: String) -> ConfigurationReader {
    ConfigurationReader(
      arguments: Array(CommandLine.arguments.dropFirst()),
      environment: ProcessEnvironment.variables(), service: service)
  }

  /// Keeps a fault that a caller found, in its own words.
  public func refuse(_ key: String, _ reason: String) { faults.append("\(key) \(reason)") }

  /// Throws all faults together, or nothing; after it no look-up may follow.
  ///
  /// Does not throw where only help is wanted.
  public func finish() throws(ConfigurationError) {
    guard request != .help else { return }
    let all = faults + unknownKeys()
    if !all.isEmpty { throw ConfigurationError(all) }
  }

  /// The values of a key from the highest source that has it.
  func look(
    _ key: String, help: String, fallback: String?, isSecret: Bool = false, isList: Bool = false,
    sharedVariable: String? = nil
  ) -> [String]? {
    var values: [String]?
    var source = "default"
    let variable = Self.variable(service: service, key: key)
    if let given = flags[key] {
      (values, source) = (isList ? given.flatMap(Self.split) : given, "flag --\(key)")
    } else if let given = environment[variable] {
      (values, source) = (isList ? Self.split(given) : [given], "environment \(variable)")
    } else if let shared = sharedVariable, let given = environment[shared] {
      (values, source) = ([given], "environment \(shared)")
    } else if let given = file[key] {
      (values, source) = (
        isList && !given.isList ? Self.split(given.values[0]) : given.values, given.place
      )
    }
    if let given = values, !isList, given.count != 1 {
      faults.append("\(key) (\(source)) takes one value, not \(given.count)")
      values = nil
    }
    if let text = values?.first(where: { $0.utf8.contains(0) }) {
      faults.append("\(key) (\(source)) holds a NUL byte in \(text.utf8.count) bytes")
      values = nil
    }
    known[key] = Known(
      key: key, help: help.isEmpty ? known[key]?.help ?? "" : help, fallback: fallback,
      isSecret: isSecret, isList: isList, values: values, source: source)
    return values
  }

  /// Whether the command line itself names a key.
  public func isFlagGiven(_ key: String) -> Bool { flags[key] != nil }

  /// Where the value of a key came from, for faults.
  func source(of key: String) -> String { known[key]?.source ?? "default" }

  /// Keeps a fault once.
  func addFault(_ fault: String) {
    if !faults.contains(fault) { faults.append(fault) }
  }

  /// The environment's name of a key.
  static func variable(service: String, key: String) -> String {
    "TIDEMARK_\(service)_\(key)".uppercased().replacing("-", with: "_")
  }

  private static func split(_ text: String) -> [String] {
    text.split(separator: ",").map { part in
      String(part.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
  }

  private func unknownKeys() -> [String] {
    var result: [String] = []
    for key in flags.keys.sorted() where known[key] == nil {
      result.append("--\(key) is no setting of \(service)")
    }
    let prefix = Self.variable(service: service, key: "")
    var variables = Set(known.keys.map { Self.variable(service: service, key: $0) })
    variables.insert(prefix + "CONFIG")
    for name in environment.keys.sorted() where name.hasPrefix(prefix) {
      if !variables.contains(name) && !Self.isFromKubernetes(name.dropFirst(prefix.count)) {
        result.append("\(name) is no setting of \(service)")
      }
    }
    for (key, setting) in file.sorted(by: { $0.key < $1.key }) where known[key] == nil {
      result.append("\(key) (\(setting.place)) is no setting of \(service)")
    }
    return result
  }

  /// Kubernetes gives each container the addresses of services: `TIDEMARK_INGEST_PORT` and others.
  private static func isFromKubernetes(_ rest: Substring) -> Bool {
    rest == "PORT" || rest.hasPrefix("PORT_") || rest == "SERVICE_HOST"
      || rest.hasPrefix("SERVICE_PORT")
  }
}
