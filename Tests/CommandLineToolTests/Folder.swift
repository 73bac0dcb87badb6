import Glibc
import Testing

@testable import CommandLineTool

/// A folder of a test.
struct Folder {
  let path: String

  var out: String { "\(path)/detections.csv" }

  func file(_ name: String, _ text: String) throws -> String {
    try SmallFiles.write(text, to: "\(path)/\(name)", mode: 0o600)
    return "\(path)/\(name)"
  }
}

func withFolder(_ body: (Folder) async throws -> Void) async throws {
  let folder = try makeFolder()
  do {
    try await body(folder)
  } catch {
    remove(folder)
    throw error
  }
  remove(folder)
}

func withFolder(_ body: (Folder) throws -> Void) throws {
  let folder = try makeFolder()
  defer { remove(folder) }
  try body(folder)
}

private func makeFolder() throws -> Folder {
  var template = Array("/tmp/tidemark-files-XXXXXX\0".utf8CString)
  return Folder(path: String(cString: try #require(mkdtemp(&template))))
}

private func remove(_ folder: Folder) {
  for name in SmallFiles.names(in: folder.path) { unlink("\(folder.path)/\(name)") }
  rmdir(folder.path)
}
