public import Foundation

/// A program of `Tests/Interop` that runs while a test needs it.
///
/// It ends with this process, however that ends, because it watches its input.
public struct PythonProgram: Sendable {
  /// Where it listens on the loopback.
  public let port: Int

  /// Where it keeps what it gets.
  public let folder: URL

  private let process: ChildProcess

  /// The Python that has the packages of the house's virtual environment.
  public static let python = ProcessInfo.processInfo.environment["TIDEMARK_TEST_PYTHON"]

  /// Starts the program of that name and waits until it listens.
  public init(_ name: String, _ arguments: [String] = []) async throws {
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

  /// Ends it and removes what it kept.
  public func stop() {
    process.stop()
    // What it kept is of no use to anyone once the test is over.
    try? FileManager.default.removeItem(at: folder)
  }

  /// The files that it kept, in order.
  public func files(_ suffix: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(suffix) }.sorted()
      .map { try String(contentsOf: folder.appending(path: $0), encoding: .utf8) }
  }
}
