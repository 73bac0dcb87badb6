internal import Glibc
internal import Locking
public import SeriesModel

/// The time zones of the system, read when first needed.
public final class ZoneFiles: Sendable {
  private let directory: String
  private let known = Locked<[String: Zone]>([:])

  /// No compiled zone comes near this size.
  private static let bytesLimit = 1 << 20

  /// Reads compiled zones of a folder such as `/usr/share/zoneinfo`.
  public init(directory: String) { self.directory = directory }

  /// The zone of that name, or nil when the system has none.
  public func zone(_ name: String) -> Zone? {
    if name.isEmpty || name == "UTC" { return .utc }
    if let zone = known.withLock({ $0[name] }) { return zone }
    guard Self.isName(name), let bytes = read("\(directory)/\(name)"),
      let zone = Zone(name: name, tzif: bytes)
    else { return nil }
    known.withLock { $0[name] = zone }
    return zone
  }

  /// Names such as `America/Port-au-Prince`; nothing that leaves the folder.
  private static func isName(_ name: String) -> Bool {
    name.utf8.count <= 64 && !name.hasPrefix("/") && !name.contains("..")
      && name.utf8.allSatisfy { byte in
        switch byte {
        case 48...57, 65...90, 97...122, 43, 45, 47, 95: true
        default: false
        }
      }
  }

  private func read(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while bytes.count < Self.bytesLimit {
      let count = Glibc.read(descriptor, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      if count < 0 { return nil }
      if count == 0 { return bytes }
      bytes += piece[..<count]
    }
    return nil
  }
}
