internal import Glibc

/// The flags of a command line: `--key value`, `--key=value`, or `--key` alone for "true".
struct CommandLineFlags {
  var flags: [String: [String]] = [:]
  private(set) var faults: [String] = []
  private static let requests: [String: ConfigurationReader.Request] = [
    "help": .help, "check-config": .checkConfiguration, "print-config": .printConfiguration,
  ]

  init(_ arguments: [String]) {
    var index = 0
    while index < arguments.count {
      let argument = arguments[index]
      index += 1
      if argument == "-h" {
        flags["help", default: []].append("true")
        continue
      }
      guard argument.hasPrefix("--"), argument.utf8.count > 2 else {
        faults.append("\"\(argument)\" is no flag")
        continue
      }
      let body = argument.dropFirst(2)
      if let equals = body.firstIndex(of: "=") {
        let value = String(body[body.index(after: equals)...])
        flags[String(body[..<equals]), default: []].append(value)
      } else if Self.requests[String(body)] == nil, index < arguments.count,
        !arguments[index].hasPrefix("--")
      {
        flags[String(body), default: []].append(arguments[index])
        index += 1
      } else {
        flags[String(body), default: []].append("true")
      }
    }
  }

  /// What is asked for instead of service; help wins.
  mutating func takeRequest() -> ConfigurationReader.Request {
    let asked = ["help", "check-config", "print-config"].filter {
      flags.removeValue(forKey: $0) != nil
    }
    return asked.first.flatMap { Self.requests[$0] } ?? .serve
  }
}

/// The environment that the process was started with.
public enum ProcessEnvironment {
  /// All variables by name; what is no UTF-8 is left out.
  ///
  /// Read from the kernel's copy, because the C library's list may change under a reader.
  public static func variables() -> [String: String] {
    let descriptor = open("/proc/self/environ", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [:] }
    defer { close(descriptor) }
    var content: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(descriptor, &piece, piece.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { break }
      content += piece.prefix(count)
    }
    var variables: [String: String] = [:]
    for entry in content.split(separator: 0) {
      guard let text = String(validating: entry, as: UTF8.self),
        let equals = text.firstIndex(of: "=")
      else { continue }
      variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
    }
    return variables
  }
}
