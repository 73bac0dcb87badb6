import Foundation
import TestSupport
import Testing

@testable import Alerting

/// Alertmanager's own tool, which answers the questions that our tree answers.
enum Amtool {
  private static let program = "/usr/bin/amtool"

  /// `make test` has installed it; without that the tests that need it are skipped.
  static let isAvailable =
    FileManager.default.isExecutableFile(atPath: program)
    || ProcessInfo.processInfo.environment["TIDEMARK_TEST_PYTHON"] != nil

  static func run(_ arguments: [String], in folder: URL) async throws -> ChildOutcome {
    try await ChildProcess.run(ChildCommand([program] + arguments, folder: folder.path))
  }

  /// Gives a folder that is taken away afterwards.
  static func inFolder(_ body: (URL) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "amtool-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder)
  }
}

@Suite("Routes and times beside Alertmanager's own tool", .enabled(if: Amtool.isAvailable))
struct AmtoolTests {
  private static let names = ["customer", "segment", "severity", "metric", "absent"]
  private static let values = ["", "a", "big co", "api.calls", "x,y", "q\"t", "critical", "ü"]
  private static let patterns = [
    "a|critical", "api\\.calls", "api.calls", ".+", ".*", "[a-c]", "(?i:CRITICAL)", "b.*o", "x,y",
    "[^x]+", "",
  ]

  private struct Forest {
    var trees: [RouteTree]
    var whole: RouteTree
    var file: String
  }

  /// Trees that hang side by side in one file, so that one question is put to all of them at once.
  private static func forest(_ random: inout SeededGenerator) throws -> Forest {
    let count = 25
    let receivers = ["none"] + (0..<count).flatMap { tree in (0..<4).map { "t\(tree)-\($0)" } }
    let names = RouteNames(receivers: Set(receivers), schedules: ["night"])
    let roots = try (0..<count).map { try branch(tree: $0, depth: 0, &random) }
    let hung = roots.map { root in
      var child = root
      child.continues = true
      return child
    }
    let whole = Route(receiver: "none", children: hung)
    var lines = ["receivers:"] + receivers.map { "- name: '\($0)'" }
    lines += [
      "time_intervals:", "- name: night", "  time_intervals:",
      "  - times: [{start_time: '22:00', end_time: '24:00'}]", "route:",
    ]
    lines += write(whole, indent: "  ")
    return Forest(
      trees: try roots.map { try RouteTree(root: $0, names: names) },
      whole: try RouteTree(root: whole, names: names),
      file: lines.joined(separator: "\n") + "\n")
  }

  private static func branch(
    tree: Int, depth: Int, _ random: inout SeededGenerator
  ) throws -> Route {
    var route = Route()
    if depth == 0 || Int.random(in: 0..<3, using: &random) > 0 {
      route.receiver = "t\(tree)-\(Int.random(in: 0..<4, using: &random))"
    }
    if depth > 0 {
      for name in Self.names where Int.random(in: 0..<4, using: &random) == 0 {
        let text = matcher(name, &random)
        route.matchers.append(try Matcher(parsing: text))
      }
      route.continues = Int.random(in: 0..<3, using: &random) == 0
      if Int.random(in: 0..<8, using: &random) == 0 { route.muteTimes = ["night"] }
    }
    if Int.random(in: 0..<4, using: &random) == 0 {
      route.grouping = Bool.random(using: &random) ? .all : .labels(["customer", "metric"])
    }
    if Int.random(in: 0..<4, using: &random) == 0 {
      route.groupWaitSeconds = 0
      route.groupIntervalSeconds = 60
      route.repeatIntervalSeconds = 86_400
    }
    let count = depth < 4 ? Int.random(in: 0...(depth == 0 ? 4 : 2), using: &random) : 0
    for _ in 0..<count {
      route.children.append(try branch(tree: tree, depth: depth + 1, &random))
    }
    return route
  }

  private static func matcher(_ name: String, _ random: inout SeededGenerator) -> String {
    let operation = ["=", "!=", "=~", "!~"].randomElement(using: &random) ?? "="
    let value =
      (operation.hasSuffix("~") ? patterns : values).randomElement(using: &random) ?? ""
    let escaped = value.replacingOccurrences(of: "\\", with: "\\\\")
      .replacingOccurrences(of: "\"", with: "\\\"")
    return "\(name)\(operation)\"\(escaped)\""
  }

  private static func write(_ route: Route, indent: String) -> [String] {
    var lines: [String] = []
    if let receiver = route.receiver { lines.append("receiver: '\(receiver)'") }
    if !route.matchers.isEmpty {
      lines.append("matchers:")
      // Apostrophes are doubled in a text between apostrophes; nothing else is special there.
      lines += route.matchers.map {
        "- '\($0.description.replacingOccurrences(of: "'", with: "''"))'"
      }
    }
    if route.continues { lines.append("continue: true") }
    switch route.grouping {
    case .all?: lines.append("group_by: ['...']")
    case .labels(let names)?: lines.append("group_by: [\(names.joined(separator: ", "))]")
    case nil: break
    }
    if let seconds = route.groupWaitSeconds { lines.append("group_wait: \(Int(seconds))s") }
    if let seconds = route.groupIntervalSeconds { lines.append("group_interval: \(Int(seconds))s") }
    if let seconds = route.repeatIntervalSeconds {
      lines.append("repeat_interval: \(Int(seconds))s")
    }
    if !route.muteTimes.isEmpty { lines.append("mute_time_intervals: [night]") }
    if !route.children.isEmpty { lines.append("routes:") }
    var text = lines.map { indent + $0 }
    for child in route.children {
      var below = write(child, indent: indent + "  ")
      if below.isEmpty { below = [indent + "  {}"] }
      below[0] = indent + "- " + below[0].dropFirst(indent.count + 2)
      text += below
    }
    return text
  }

  @Test func `200 trees lead 5 sets of labels each to the receivers that amtool names`()
    async throws
  {
    try await Amtool.inFolder { folder in
      var random = SeededGenerator(seed: 0x616d_746f_6f6c)
      var compared = 0
      for number in 0..<8 {
        let forest = try Self.forest(&random)
        let file = "forest\(number).yml"
        try forest.file.write(to: folder.appending(path: file), atomically: true, encoding: .utf8)
        for _ in 0..<5 {
          let labels = Self.labels(&random)
          let words = labels.sorted { $0.key < $1.key }.map { name, value in
            "\(name)=\"\(value.replacingOccurrences(of: "\"", with: "\\\""))\""
          }
          let outcome = try await Amtool.run(
            ["config", "routes", "test", "--config.file=\(file)"] + words, in: folder)
          try #require(outcome.exit == .code(0), "\(outcome.errorOutput)")
          let answer = outcome.output.split(whereSeparator: \.isNewline).last.map(String.init)
          let told = (answer ?? "").split(separator: ",").map(String.init)
          #expect(forest.whole.matches(labels).map(\.receiver) == told)
          for (tree, routes) in forest.trees.enumerated() {
            let own = told.filter { $0.hasPrefix("t\(tree)-") }
            #expect(routes.matches(labels).map(\.receiver) == own, "tree \(tree) of \(file)")
            compared += 1
          }
        }
      }
      #expect(compared == 1_000)
    }
  }

  private static func labels(_ random: inout SeededGenerator) -> Labels {
    var labels: Labels = [:]
    for name in names where Int.random(in: 0..<4, using: &random) > 0 && name != "absent" {
      labels[name] = values.randomElement(using: &random)
    }
    if labels.isEmpty { labels["customer"] = "a" }
    return labels
  }

  /// What both read, one key and its texts each; some of them are refused by both.
  private static let spans: [(key: String, texts: [String])] = [
    ("weekdays", ["monday:friday", "Saturday", "sunday", "friday:monday", "1:3", "mon", ""]),
    ("days_of_month", ["1:5", "-3:-1", "20:-1", "31", "0", "-1:5", "5:-28", "32", "-32:-1"]),
    ("months", ["january:march", "5:8", "December", "12:1", "0", "13", "may"]),
    ("years", ["2026:2028", "2030", "2028:2026", "x"]),
    (
      "times",
      ["00:00-24:00", "09:00-17:30", "22:00-06:00", "24:00-24:00", "9:00-10:00", "12:60-13:00"]
    ),
  ]

  private static func isTaken(_ key: String, _ text: String) -> Bool {
    let ends = text.split(separator: "-").map(String.init)
    do {
      switch key {
      case "weekdays": _ = try TimeSpan(parsingTimes: [], weekdays: [text])
      case "days_of_month": _ = try TimeSpan(parsingTimes: [], daysOfMonth: [text])
      case "months": _ = try TimeSpan(parsingTimes: [], months: [text])
      case "years": _ = try TimeSpan(parsingTimes: [], years: [text])
      default: _ = try TimeSpan(parsingTimes: [(start: ends[0], end: ends[1])])
      }
      return true
    } catch {
      return false
    }
  }

  @Test func `amtool takes the trees and the times that we take`() async throws {
    try await Amtool.inFolder { folder in
      var files: [String: Bool] = [:]
      var random = SeededGenerator(seed: 0x6368_6563_6b)
      try Self.forest(&random).file.write(
        to: folder.appending(path: "forest.yml"), atomically: true, encoding: .utf8)
      files["forest.yml"] = true
      for (key, texts) in Self.spans {
        for (number, text) in texts.enumerated() {
          let ends = text.split(separator: "-")
          let value =
            key == "times" ? "{start_time: '\(ends[0])', end_time: '\(ends[1])'}" : "'\(text)'"
          let lines = [
            "receivers: [{name: a}]", "route: {receiver: a}",
            "time_intervals: [{name: n, time_intervals: [{\(key): [\(value)]}]}]",
          ]
          let name = "\(key)-\(number).yml"
          try lines.joined(separator: "\n").write(
            to: folder.appending(path: name), atomically: true, encoding: .utf8)
          files[name] = Self.isTaken(key, text)
        }
      }
      let outcome = try await Amtool.run(["check-config"] + files.keys.sorted(), in: folder)
      for (name, isTaken) in files where isTaken {
        #expect(outcome.output.contains("Checking '\(name)'  SUCCESS"), "\(name)")
      }
      #expect(files.values.filter { $0 }.count == 16)
      // It takes months that no calendar has, which can never mean anything.
      let onlyOurs: Set = ["months-4.yml", "months-5.yml"]
      for (name, isTaken) in files.sorted(by: { $0.key < $1.key }) where !isTaken {
        let isRefused = outcome.output.contains("Checking '\(name)'  FAILED")
        #expect(isRefused != onlyOurs.contains(name), "\(name)")
      }
    }
  }
}
