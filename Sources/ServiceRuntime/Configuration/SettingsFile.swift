internal import Glibc
internal import YAML

/// Reads the files that settings name.
public enum SettingsFile {
  /// Larger settings are a mistake, in bytes.
  public static let bytesLimit = 1 << 20

  /// The bytes of a regular file.
  public static func bytes(_ path: String) throws(ConfigurationError) -> [UInt8] {
    try read(path, isSecret: false)
  }

  /// The text of a secret file, without the line break at its end.
  ///
  /// Refused when anyone but the owner may touch it (mode 0600 or stricter), when it is empty and
  /// when it is no UTF-8.
  public static func secret(_ path: String) throws(ConfigurationError) -> Redacted<String> {
    var bytes = try read(path, isSecret: true)
    while bytes.last == UInt8(ascii: "\n") || bytes.last == UInt8(ascii: "\r") {
      bytes.removeLast()
    }
    guard !bytes.isEmpty else { throw ConfigurationError(["\(path) is empty"]) }
    guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
      throw ConfigurationError(["\(path) is no UTF-8 text"])
    }
    return Redacted(text)
  }

  private static func read(
    _ path: String, isSecret: Bool
  ) throws(ConfigurationError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw ConfigurationError(["\(path): \(systemReason())"]) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw ConfigurationError(["\(path): \(systemReason())"])
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw ConfigurationError(["\(path) is no regular file"])
    }
    if isSecret, status.st_mode & 0o177 != 0 {
      let mode = String(status.st_mode & 0o777, radix: 8)
      throw ConfigurationError([
        "\(path) has mode 0\(mode); a secret needs 0400 or 0600 (chmod 0400 \(path))"
      ])
    }
    guard status.st_size <= bytesLimit else {
      throw ConfigurationError(["\(path) is larger than \(bytesLimit) bytes"])
    }
    var bytes = [UInt8](repeating: 0, count: bytesLimit + 1)
    var count = 0
    while count < bytes.count {
      let limit = bytes.count - count
      let result = bytes.withUnsafeMutableBytes {
        Glibc.read(descriptor, $0.baseAddress?.advanced(by: count), limit)
      }
      if result < 0 && errno == EINTR { continue }
      guard result >= 0 else { throw ConfigurationError(["\(path): \(systemReason())"]) }
      if result == 0 { break }
      count += result
    }
    guard count <= bytesLimit else {
      throw ConfigurationError(["\(path) is larger than \(bytesLimit) bytes"])
    }
    return Array(bytes.prefix(count))
  }

  private static func systemReason() -> String {
    var text = [CChar](repeating: 0, count: 128)
    let number = errno
    guard strerror_r(number, &text, text.count) == 0 else { return "error \(number)" }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

extension SettingsFile {
  /// One setting as a file holds it.
  struct Setting {
    let values: [String]
    let isList: Bool
    let place: String
  }

  /// All settings of a YAML file, by key: `listen: {url: x}` and `listen-url: x` are the same.
  static func settings(_ path: String) -> (settings: [String: Setting], faults: [String]) {
    do {
      let root = try YAMLNode(parsing: bytes(path))
      var collected = Flattening(path: path)
      collected.add(root, key: "")
      return (collected.settings, collected.faults)
    } catch let error as ConfigurationError {
      return ([:], error.faults.map { "config: \($0)" })
    } catch {
      return ([:], ["config: \(path): \(error)"])
    }
  }

  private struct Flattening {
    let path: String
    var settings: [String: Setting] = [:]
    var faults: [String] = []

    mutating func add(_ node: YAMLNode, key: String) {
      let place = "\(path) line \(node.line)"
      switch node.content {
      case .mapping(let entries):
        for entry in entries {
          add(entry.value, key: key.isEmpty ? entry.key : "\(key)-\(entry.key)")
        }
      case .scalar(let text, _):
        guard !key.isEmpty else { return faults.append("config: \(place): not a mapping") }
        if !node.isNull { set(key, Setting(values: [text], isList: false, place: place)) }
      case .sequence(let elements):
        guard !key.isEmpty else { return faults.append("config: \(place): not a mapping") }
        let texts = elements.compactMap(\.text)
        guard texts.count == elements.count else {
          return faults.append("\(key): \(place): a list may hold texts only")
        }
        set(key, Setting(values: texts, isList: true, place: place))
      }
    }

    private mutating func set(_ key: String, _ setting: Setting) {
      guard settings[key] == nil else {
        return faults.append("\(key): \(setting.place): set twice, nested and joined")
      }
      settings[key] = setting
    }
  }
}
