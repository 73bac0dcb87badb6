import Glibc

/// The few file calls that this room needs.
enum Folders {
  /// Makes a folder and those above it, like `mkdir -p`.
  static func make(_ path: String, mode: mode_t = 0o755) throws(PrivateClusterError) {
    var partial = ""
    for part in path.split(separator: "/") {
      partial += "/" + part
      guard mkdir(partial, mode) != 0, errno != EEXIST else { continue }
      throw PrivateClusterError(.folder, "\(partial): \(reason())")
    }
  }

  /// Gives a folder to a user and sets its mode.
  static func give(_ path: String, to user: SystemUser, mode: mode_t) throws(PrivateClusterError) {
    guard chown(path, user.id, user.group) == 0, chmod(path, mode) == 0 else {
      throw PrivateClusterError(.folder, "\(path): \(reason())")
    }
  }

  /// The text of a small file, or nil when it cannot be read.
  static func text(of path: String, bytesLimit: Int = 65_536) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: bytesLimit)
    let end = lseek(file, 0, SEEK_END)
    // Of a longer file, such as a log, the end is what matters.
    if end > off_t(bytesLimit) {
      lseek(file, end - off_t(bytesLimit), SEEK_SET)
    } else {
      lseek(file, 0, SEEK_SET)
    }
    let count = read(file, &bytes, bytesLimit)
    guard count >= 0 else { return nil }
    return String(decoding: bytes[0..<count], as: UTF8.self)
  }

  /// Writes a small file anew.
  static func write(_ text: String, to path: String) throws(PrivateClusterError) {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw PrivateClusterError(.folder, "\(path): \(reason())") }
    defer { close(file) }
    let bytes = Array(text.utf8)
    guard Glibc.write(file, bytes, bytes.count) == bytes.count else {
      throw PrivateClusterError(.folder, "\(path): \(reason())")
    }
  }

  /// Whether there is something of that name.
  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// The names in a folder, sorted; empty when there is none.
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

  /// The absolute name of a folder that exists, without links.
  static func absolute(_ path: String) throws(PrivateClusterError) -> String {
    guard let resolved = realpath(path, nil) else {
      throw PrivateClusterError(.folder, "\(path): \(reason())")
    }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// What the last call of the system failed with.
  static func reason() -> String { String(cString: strerror(errno)) }
}

/// A user of the system that PostgreSQL may run as.
struct SystemUser: Sendable, Equatable {
  /// The number of the user.
  let id: uid_t
  /// The number of the user's group.
  let group: gid_t
  /// The name, for programs that want one.
  let name: String

  /// The user of that name, or nil.
  init?(named name: String) {
    guard let entry = getpwnam(name) else { return nil }
    id = entry.pointee.pw_uid
    group = entry.pointee.pw_gid
    self.name = name
  }
}
