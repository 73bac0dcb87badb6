import Baselines
import Testing

@testable import CommandLineTool

@Suite("tidemark sensitivity and tidemark rules")
struct SettingsCommandTests {
  private func run(_ words: [String]) async -> (Int32, Screen) {
    let screen = Screen()
    let code = await CommandLineMain.run(
      words, environment: ["TIDEMARK_CLIENT_CONFIG": ""], terminal: screen.terminal)
    return (code, screen)
  }

  @Test(
    "a command line that cannot be understood is told so",
    arguments: [
      (["sensitivity", "fly"], 2, "the works are set, list and remove"),
      (["sensitivity", "set"], 2, "set takes a scale from 0.1 to 10"),
      (["sensitivity", "set", "0"], 2, "set takes a scale from 0.1 to 10"),
      (["sensitivity", "set", "10.1"], 2, "set takes a scale from 0.1 to 10"),
      (["sensitivity", "set", "nan"], 2, "set takes a scale from 0.1 to 10"),
      (["sensitivity", "remove", "acme"], 2, "remove takes no word"),
      (["sensitivity", "set", "2", "--customer", "a", "--segment", "b"], 2, "more than one of"),
      (["sensitivity", "set", "2"], 1, "no address of classifier is known"),
      (["rules", "fly"], 2, "the works are list, add, import and remove"),
      (["rules", "import"], 2, "import takes one file"),
      (["rules", "remove", "x", "--scope", "planet:x"], 2, "remove takes a rule's name"),
      (["rules", "add", "--name", "x"], 2, "comparison is empty; there are drop_points"),
      (["rules", "add", "--comparison", "below"], 2, "name is empty"),
      (["rules", "add", "--name", "x", "--comparison", "below"], 2, "threshold is empty"),
      (
        ["rules", "add", "--name", "x", "--comparison", "below", "--threshold", "a"], 2, "no number"
      ),
      (
        ["rules", "add", "--name", "x", "--comparison", "rate", "--window", "21"], 2, "window"
      ),
      (["rules", "add", "--name", "x", "--off", "true"], 1, "no address of classifier is known"),
      (["explain", "c1", "calls", "2026-01-01"], 1, "no address of baseline is known"),
      (["explain", "c1", "calls", "2026-01-01", "--scale", "2"], 2, "--scale goes with files"),
      (
        ["explain", "c1", "calls", "2026-01-01", "--granularity", "hour"], 2,
        "--granularity goes with files"
      ),
      (["replay", "record.json"], 2, "a record is made again from --points"),
      (["replay", "00000000-0000-0000-0000-000000000001"], 1, "no address of classifier is known"),
      (
        ["replay", "00000000-0000-0000-0000-000000000001", "--points", "p.csv"], 2,
        "--points goes with files"
      ),
    ] as [([String], Int32, String)])
  func faults(words: [String], code: Int32, reason: String) async {
    let (found, screen) = await run(words)
    #expect(found == code)
    #expect(screen.aside.contains(reason), "\(screen.aside)")
  }

  @Test func `help of a work names its settings`() async throws {
    let (code, screen) = await run(["rules", "add", "--help"])
    #expect(code == 0)
    #expect(screen.output.contains("--companion") && screen.output.contains("drop_percent"))
    #expect(await run(["sensitivity", "--help"]).1.output.contains("--segment"))
    // What the command is about comes first, how services are reached after it.
    let parts = screen.output.split(separator: "How the house is reached")
    try #require(parts.count == 2)
    #expect(parts[0].contains("--companion") && !parts[0].contains("--tls-ca-file"))
    #expect(parts[1].contains("--tls-ca-file") && parts[1].contains("Instead of the work:"))
    #expect(!screen.output.contains("--listen-url"))
  }

  @Test func `a shipped rule is in force until one of its name takes its place for all`() {
    let shipped = StaticRule.shipped[0]
    #expect(RuleWords.standing(shipped, own: ["other"]) == "shipped, in force")
    #expect(
      RuleWords.standing(shipped, own: [shipped.name]).hasPrefix("shipped, not in force: the rule"))
  }

  @Test func `a rule is one line, whatever it holds`() {
    for rule in StaticRule.shipped {
      #expect(RuleWords.line(rule).hasPrefix("\(rule.name)  all  metric \(rule.metric)"))
    }
    let rule = StaticRule(
      name: "fall", scope: .segment("la\nrge"), comparison: .dropPercent, reference: .mean,
      threshold: 40, minimum: 100, window: 7, hold: 2, severity: 3)
    let line = RuleWords.line(rule)
    #expect(!line.contains("\n"))
    #expect(
      line.hasSuffix(
        "drop_percent  threshold 40  minimum 100  reference mean  window 7  hold 2  severity critical"
      ), "\(line)")
    let off = StaticRule(name: "x", scope: .customer("acme"), comparison: .mute, isOn: false)
    #expect(RuleWords.line(off) == "x  customer acme  off")
  }
}
