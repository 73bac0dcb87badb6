import Foundation
import TestSupport
import Testing

/// A program of `Tests/Interop` that runs while a test needs it.
///
/// It ends with this process, however that ends, because it watches its input.
struct PythonProgram {
  let port: Int
  let folder: URL
  private let process: ChildProcess

  /// The Python that has the packages of the house's virtual environment.
  static let python = ProcessInfo.processInfo.environment["TIDEMARK_TEST_PYTHON"]

  init(_ name: String, _ arguments: [String] = []) async throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    folder = FileManager.default.temporaryDirectory.appending(
      path: "tidemark-\(name)-\(UUID().uuidString)")
    process = try ChildProcess.start(
      ChildCommand(
        [Self.python ?? "python3", root.appending(path: "Interop/\(name).py").path]
          + ["--until-input-ends", "--folder", folder.path] + arguments,
        input: .heldOpen))
    do {
      port = try await process.port(afterLineWith: "listening on ")
    } catch {
      try? FileManager.default.removeItem(at: folder)
      throw error
    }
  }

  func stop() {
    process.stop()
    // What it kept is of no use to anyone once the test is over.
    try? FileManager.default.removeItem(at: folder)
  }

  /// The files that it kept, in order.
  func files(_ suffix: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(suffix) }.sorted()
      .map { try String(contentsOf: folder.appending(path: $0), encoding: .utf8) }
  }
}

/// A port of the loopback at which nobody listens, and which nobody else can get meanwhile.
struct ReservedPort {
  let port: Int
  private let descriptor: Int32

  init() throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
        bind(descriptor, raw, length) == 0 && getsockname(descriptor, raw, &length) == 0
      }
    }
    try #require(isBound)
    self.descriptor = descriptor
    port = Int(UInt16(bigEndian: address.sin_port))
  }

  func free() { close(descriptor) }
}
