import Testing

@Suite("Form of the sources")
struct FormTests {
  private static let ownFiles = PackageDescription.files(
    under: ["Sources", "services", "Tests", "Benchmarks"], ending: ".swift"
  ).filter { !$0.contains("/Generated/") }

  @Test func `a file has at most 300 lines`() throws {
    #expect(Self.ownFiles.count > 50)
    for path in Self.ownFiles {
      let lines = try PackageDescription.text(path).split(
        separator: "\n", omittingEmptySubsequences: false
      ).count
      #expect(lines <= 301, "\(path) has \(lines - 1) lines")
    }
  }

  @Test func `a front door has fewer than 60 lines`() throws {
    for path in Self.ownFiles where path.hasPrefix("services/") {
      let lines = try PackageDescription.text(path).split(
        separator: "\n", omittingEmptySubsequences: false
      ).count
      #expect(lines <= 60, "\(path) has \(lines - 1) lines")
    }
  }

  /// What has no place in the product, and where it is allowed after all.
  private static let refused: [(word: String, allowed: @Sendable (String) -> Bool)] = [
    (" try!", { _ in false }),
    ("(try!", { _ in false }),
    (" try?", { _ in false }),
    ("(try?", { _ in false }),
    ("fatalError(", { _ in false }),
    ("DispatchSemaphore", { _ in false }),
    ("as! ", { _ in false }),
    ("[String: Any]", { _ in false }),
    (" print(", { $0.hasPrefix("Benchmarks/") }),
    ("TO" + "DO", { _ in false }),
    ("FIX" + "ME", { _ in false }),
  ]

  @Test func `words that hide a failure are not used in the product`() throws {
    for path in Self.ownFiles where !path.hasPrefix("Tests/") {
      let code = try PackageDescription.text(path).split(separator: "\n").filter {
        !$0.drop { $0 == " " }.hasPrefix("//")
      }.joined(separator: "\n")
      for (word, allowed) in Self.refused where !allowed(path) {
        #expect(code.contains(word) == false, "\(path): \(word)")
      }
    }
  }

  @Test func `tests start programs in one way, and none waits by the clock in a thread`() throws {
    for path in Self.ownFiles where path.hasPrefix("Tests/") && !path.hasPrefix("Tests/Support/") {
      let text = try PackageDescription.text(path)
      // In two parts, because this file is looked at too.
      for word in ["Pro" + "cess()", "posix_" + "spawn", "usl" + "eep(", "Thread.sl" + "eep("] {
        #expect(text.contains(word) == false, "\(path): \(word)")
      }
    }
  }

  @Test func `every public library room has its page`() async throws {
    let package = try await PackageDescription.shared.value
    let hidden: Set = ["TestSupport"]
    for room in package.rooms
    where room.kind == "library" && room.path.hasPrefix("Sources/") && !hidden.contains(room.name)
      && room.sources.contains(where: { $0.hasSuffix(".swift") })
    {
      let page = "\(room.path)/\(room.name).docc/\(room.name).md"
      #expect(throws: Never.self, "\(page)") { _ = try PackageDescription.text(page) }
    }
  }
}
