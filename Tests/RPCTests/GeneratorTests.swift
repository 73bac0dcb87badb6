import Foundation
import TestSupport
import Testing

/// Runs protoc with the generator that was built beside these tests.
@Suite("The generator", .enabled(if: BuiltGenerator.isAvailable))
struct GeneratorTests {
  /// The Swift that a contract becomes, or what protoc says against it.
  private func generate(_ contract: String) async throws -> (swift: String?, complaint: String) {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "tidemark-generator-\(UInt64.random(in: .min ... .max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data(contract.utf8).write(to: folder.appending(path: "trial.proto"))
    let outcome = try await ChildProcess.run(
      ChildCommand(
        [
          "/usr/bin/protoc", "--plugin=protoc-gen-tidemark=\(BuiltGenerator.path ?? "")",
          "--proto_path=\(folder.path)", "--tidemark_opt=Mtrial.proto=Trial",
          "--tidemark_out=\(folder.path)", "trial.proto",
        ],
        folder: folder.path))
    let complaint = outcome.errorOutput
    guard outcome.exit == .code(0) else { return (nil, complaint) }
    let swift = try Data(contentsOf: folder.appending(path: "Trial/trial.pb.swift"))
    return (String(decoding: swift, as: UTF8.self), complaint)
  }

  private func proto3(_ body: String) -> String {
    "syntax = \"proto3\"; package trial;\n\(body)\n"
  }

  @Test(
    "what cannot be served safely is refused by file, message and field",
    arguments: [
      ("message A { A again = 1; }", ["trial.A", "again", "contains itself"]),
      (
        "message A { B b = 1; } message B { repeated A as = 1; }", ["trial.A", "field b", "A -> B"]
      ),
      (
        "message A { B b = 1; } message B { C c = 1; } message C { oneof x { B back = 1; } }",
        ["trial.B", "field c", "contains itself"]
      ),
      ("message A { message In { In deep = 1; } }", ["trial.A.In", "deep"]),
      ("message A { map<string, int32> counts = 1; }", ["trial.A", "counts", "map"]),
      ("message A { optional int32 maybe = 1; }", ["trial.A", "maybe", "optional"]),
      (
        "message A {} service S { rpc Watch(A) returns (stream A); }",
        ["service S", "Watch", "streaming"]
      ),
      ("message A {} service S { rpc Feed(stream A) returns (A); }", ["Feed", "streaming"]),
    ])
  func refused(body: String, named: [String]) async throws {
    let (swift, complaint) = try await generate(proto3(body))
    #expect(swift == nil)
    for word in named + ["trial.proto"] {
      #expect(complaint.contains(word), "\(complaint)")
    }
  }

  @Test("proto2 is refused")
  func proto2() async throws {
    let (swift, complaint) = try await generate("syntax = \"proto2\"; package trial; message A {}")
    #expect(swift == nil)
    #expect(complaint.contains("proto3"))
  }

  @Test("a message that is held twice, but not by itself, is no recursion")
  func diamond() async throws {
    let (swift, complaint) = try await generate(
      proto3("message A { B b = 1; C c = 2; } message B { C c = 1; } message C { int32 x = 1; }"))
    #expect(swift != nil, "\(complaint)")
  }

  @Test("names become Swift's, comments become documentation, choices become an enum")
  func names() async throws {
    let (swift, _) = try await generate(
      proto3(
        """
        // One call to a place.
        message Visit {
          bytes run_id = 1;  // sixteen bytes
          string page_url = 2;
          bool default = 3;
          oneof way { string on_foot = 4; int64 by_train = 5; }
        }
        enum TravelClass { TRAVEL_CLASS_UNSPECIFIED = 0; TRAVEL_CLASS_FIRST_OF_ALL = 1; }
        service Travel { rpc BookVisit(Visit) returns (Visit) {
          option idempotency_level = IDEMPOTENT; } }
        """))
    let text = try #require(swift)
    for expected in [
      "/// One call to a place.", "/// `run_id`: sixteen bytes.", "public var runID: [UInt8] = []",
      "public var pageURL: String", "public var `default`: Bool", "public var way: Way?",
      "case onFoot(String)", "public static let firstOfAll = Self(rawValue: 1)",
      "func bookVisit(", "\"trial.Travel/BookVisit\", isIdempotent: true",
    ] {
      #expect(text.contains(expected), "\(expected)")
    }
  }
}

/// The generator that was built with these tests.
private enum BuiltGenerator {
  static var isAvailable: Bool {
    FileManager.default.isExecutableFile(atPath: "/usr/bin/protoc") && path != nil
  }

  /// Beside the test bundle, which stands in the arguments of whatever runs it.
  static var path: String? {
    CommandLine.arguments.filter { $0.contains(".xctest") }
      .map { URL(filePath: $0).deletingLastPathComponent().path + "/protoc-gen-tidemark" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }
}
