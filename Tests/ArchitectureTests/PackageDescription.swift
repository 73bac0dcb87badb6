import Foundation
import JSON
import TestSupport

/// The package as `swift package describe` tells it, and the sources that lie there.
struct PackageDescription: Sendable {
  /// One target of the package.
  struct Room: Sendable {
    let name: String
    let kind: String
    let path: String
    let dependencies: [String]
    let sources: [String]
  }

  /// The folder of the package.
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  let rooms: [Room]

  /// The names in the order of the manifest, which is the order of the floors.
  let manifestOrder: [String: Int]

  /// What the toolchain said, asked once for all tests.
  ///
  /// A task of its own, because the first test that asks may be cancelled while others wait.
  static let shared = Task { try await load() }

  /// Asks the toolchain, in a scratch folder of its own: the package's own is in use by the tests.
  static func load() async throws -> PackageDescription {
    let scratch = FileManager.default.temporaryDirectory.path + "/tidemark-describe-\(getpid())"
    try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    // The toolchain leaves a lock behind in the folder for temporary files.
    var environment = ProcessInfo.processInfo.environment
    environment["TMPDIR"] = scratch
    let outcome = try await ChildProcess.run(
      ChildCommand(
        [
          "swift", "package", "--package-path", root.path, "--scratch-path", scratch, "describe",
          "--type", "json",
        ],
        environment: environment),
      within: .seconds(300))
    try outcome.requireSuccess()
    let output = outcome.output
    guard let start = output.firstIndex(of: "{") else {
      throw CocoaError(.fileReadCorruptFile)
    }
    let description = try JSONSerialization.jsonObject(with: Data(output[start...].utf8))
    let targets = (description as? [String: Any])?["targets"] as? [[String: Any]] ?? []
    let rooms = targets.map { target in
      Room(
        name: target["name"] as? String ?? "", kind: target["type"] as? String ?? "",
        path: target["path"] as? String ?? "",
        dependencies: target["target_dependencies"] as? [String] ?? [],
        sources: target["sources"] as? [String] ?? [])
    }
    return PackageDescription(rooms: rooms, manifestOrder: try orderOfManifest())
  }

  func room(_ name: String) -> Room? { rooms.first { $0.name == name } }

  /// The text of a file below the package's folder.
  static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// All files below folders of the package that end so, by their path in it.
  static func files(under folders: [String], ending: String) -> [String] {
    folders.flatMap { folder in
      let base = root.appending(path: folder)
      let found = FileManager.default.enumerator(atPath: base.path)?.allObjects as? [String] ?? []
      return found.filter { $0.hasSuffix(ending) }.sorted().map { "\(folder)/\($0)" }
    }
  }

  /// The modules that a file imports, with the words before `import`.
  static func imports(in text: String) -> [(access: String, module: String)] {
    text.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ").map(String.init)
      guard let place = words.firstIndex(of: "import"), place < words.count - 1 else { return nil }
      guard words[..<place].allSatisfy(Self.importWords.contains) else { return nil }
      let kinds: Set = ["struct", "class", "enum", "func", "var", "let", "protocol", "typealias"]
      let name =
        kinds.contains(words[place + 1]) && words.count > place + 2
        ? words[place + 2] : words[place + 1]
      let module = name.split(separator: ".").first.map(String.init) ?? name
      return (words[..<place].joined(separator: " "), module)
    }
  }

  private static let importWords: Set = [
    "public", "internal", "package", "private", "fileprivate", "@testable", "@preconcurrency",
  ]

  private static func orderOfManifest() throws -> [String: Int] {
    let manifest = try text("Package.swift")
    let pattern =
      #/(?:room|systemRoom|integration|frontDoor|tests|target|executableTarget)\(\s*(?:name: )?"([^"]+)"/#
    var order: [String: Int] = [:]
    for match in manifest.matches(of: pattern) where order[String(match.1)] == nil {
      order[String(match.1)] = order.count
    }
    return order
  }
}
