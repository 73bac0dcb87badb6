import Alerting
import Egress
import Foundation
import Integration
import JSON
import SeriesModel
import ServiceRuntime
import TestSupport
import Testing

/// A stand-in for a vendor that holds requests against the vendor's published rules.
struct FakeVendor {
  /// A request as it came, and what the rules had against it.
  struct Kept {
    let path: String
    let headers: [String: String]
    let body: JSONValue
    let bytes: Int
    let faults: [String]
    let effect: String
  }

  let program: PythonProgram
  private let client: EgressClient

  var url: String { "http://127.0.0.1:\(program.port)" }

  /// Starts the rules of that name with settings such as "token=abc".
  init(_ vendor: String, _ settings: [String] = []) async throws {
    program = try await PythonProgram(
      "vendor_rules", ["--vendor", vendor] + settings.flatMap { ["--set", $0] })
    let name = "127.0.0.1:\(program.port)"
    client = try EgressClient(policy: EgressPolicy(privateHosts: [name], plaintextHosts: [name]))
  }

  /// What is to be answered next, in place of what the rules say.
  func answer(_ answers: JSONValue) async throws {
    let response = try await client.send(
      EgressRequest(method: .put, url: "\(url)/fake/answers", body: answers.encodedBytes()))
    #expect(response.status == 200)
  }

  /// Waits until there are so many requests.
  func wait(for count: Int) async throws {
    let response = try await client.send(
      EgressRequest(
        method: .get, url: "\(url)/fake/requests?count=\(count)", totalMilliseconds: 40_000))
    try #require(response.status == 200, "fewer than \(count) requests came")
  }

  func requests() throws -> [Kept] {
    try program.files(".json").map { text in
      let value = try JSONValue(parsing: text)
      let headers = value["headers"]?.objectValue?.members ?? []
      return Kept(
        path: try #require(value["path"]?.stringValue),
        headers: Dictionary(
          uniqueKeysWithValues: headers.map { ($0.key, $0.value.stringValue ?? "") }),
        body: try #require(value["body"]),
        bytes: Int(try #require(value["bytes"]?.integerValue)),
        faults: value["faults"]?.arrayValue?.compactMap(\.stringValue) ?? [],
        effect: value["effect"]?.stringValue ?? "")
    }
  }

  func stop() {
    client.close()
    program.stop()
  }
}

/// The moment at which tests send, in microseconds since 1970.
let sendingTime: Int64 = 1_360_332_200_000_000

/// Names that customers could have; those that repeat themselves are longer than any limit.
enum HostileName: String, CaseIterable, Sendable {
  case ampersands, mentions, quotes, families, links, marks, markup, templates

  var text: String {
    switch self {
    case .ampersands: String(repeating: "&", count: 3_500)
    case .mentions: String(repeating: "<!channel>", count: 350)
    case .quotes: String(repeating: "\"\\", count: 1_800)
    case .families: String(repeating: "👩‍👩‍👧‍👦", count: 600)
    case .links: String(repeating: "](http://evil.example)", count: 160)
    case .marks: "e" + String(repeating: "\u{0301}", count: 3_500)
    case .markup: "</b>\n\r\n*_`~|```"
    case .templates: "%s {{ .X }} \u{202e}"
    }
  }

  /// Anomalies with the name wherever a customer's words can stand; the first has many steps.
  func notices(_ count: Int) -> [Notice] {
    (1...count).map { number in
      Notice.fixture(UInt64(number)) { notice in
        notice.customer.name = text
        notice.customer.owner = text
        notice.customer.segment = text
        notice.summary = text
        notice.possibleCause = text
        notice.unit = text
        notice.actions = Array(repeating: text, count: number == 1 ? 12 : 1)
      }
    }
  }
}

/// The texts of those names.
enum HostileText {
  static let all = HostileName.allCases.map(\.text)
}

/// A file that only its owner may read, in a folder of its own.
func secretFile(_ text: String, named name: String, in folder: URL) throws {
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  let path = folder.appending(path: name).path
  try #require(
    FileManager.default.createFile(
      atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o400]))
}

/// Runs the body with a folder of secrets, by their names.
func withSecrets<Result>(
  _ secrets: [String: String], _ body: (_ folder: String) throws -> Result
) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(
    path: "tidemark-secrets-\(UUID().uuidString)")
  for (name, text) in secrets { try secretFile(text, named: name, in: folder) }
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder.path + "/")
}
