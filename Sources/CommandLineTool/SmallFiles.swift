import Glibc

/// The few file calls of the commands.
enum SmallFiles {
  /// The largest file that is read whole, in bytes.
  static let bytesLimit = 1_048_576

  /// Makes a folder and those above it.
  static func makeFolder(_ path: String, mode: mode_t = 0o700) throws(CommandError) {
    var partial = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/") {
      partial += "/" + part
      guard mkdir(partial, mode) != 0, errno != EEXIST else { continue }
      throw CommandError("\(partial): \(reason())")
    }
  }

  /// Whether there is something of that name.
  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// A whole file as text.
  static func text(_ path: String) throws(CommandError) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw CommandError("\(path): \(reason())") }
    defer { close(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(file, &piece, piece.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw CommandError("\(path): \(reason())") }
      if count == 0 { break }
      bytes += piece.prefix(count)
      guard bytes.count <= bytesLimit else {
        throw CommandError("\(path): larger than \(bytesLimit) bytes")
      }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw CommandError("\(path): is not UTF-8")
    }
    return text
  }

  /// Throws where a file of that name could not be written: its folder is missing, or is not ours.
  static func checkPlace(of path: String) throws(CommandError) {
    let end = path.lastIndex(of: "/")
    let folder = end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    guard access(folder, W_OK | X_OK) == 0 else { throw CommandError("\(path): \(reason())") }
    var state = stat()
    if stat(path, &state) == 0, state.st_mode & S_IFMT == S_IFDIR {
      throw CommandError("\(path): is a folder")
    }
  }

  /// Writes a file beside its place and moves it there, so that nobody reads half of it.
  static func write(_ text: String, to path: String, mode: mode_t) throws(CommandError) {
    let part = "\(path).\(getpid()).part"
    unlink(part)
    let file = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard file >= 0 else { throw CommandError("\(path): \(reason())") }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else {
        let fault = CommandError("\(path): \(reason())")
        close(file)
        unlink(part)
        throw fault
      }
      rest = rest.dropFirst(written)
    }
    close(file)
    guard rename(part, path) == 0 else { throw CommandError("\(path): \(reason())") }
  }

  /// The content of a secret file without its last line break; made by `make` when missing.
  static func secret(_ path: String, make: () -> String) throws(CommandError) -> String {
    if !exists(path) { try write(make() + "\n", to: path, mode: 0o400) }
    var text = try text(path)
    while text.last?.isNewline == true { text.removeLast() }
    return text
  }

  /// The names in a folder, sorted.
  static func names(in path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// A name without `.` at its start, from the root on.
  static func absolute(_ path: String) throws(CommandError) -> String {
    guard let resolved = realpath(path, nil) else { throw CommandError("\(path): \(reason())") }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  private static func reason() -> String { String(cString: strerror(errno)) }
}
