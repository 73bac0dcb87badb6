import Baselines
import Testing

@testable import CommandLineTool

@Suite("Files of static rules")
struct RuleFileTests {
  private func rules(_ text: String) throws -> [StaticRule] {
    var rules: [StaticRule] = []
    try withFolder { (folder: Folder) throws -> Void in
      rules = try RuleFile.rules(path: try folder.file("rules.csv", text))
    }
    return rules
  }

  @Test func `a rule is read with all its fields, and the rest has its usual value`() throws {
    let read = try rules(
      """
      name,comparison,scope,metric,reference,threshold,minimum,window,hold,companion,severity,off
      fall,drop_percent,segment:large,calls,mean,40,100,7,2,,critical,
      quiet,mute,customer:acme,,,,,,,drop,,
      health_drop,drop_points,customer:acme,health_score,,,,,,,,true

      """)
    #expect(
      read == [
        StaticRule(
          name: "fall", scope: .segment("large"), metric: "calls", comparison: .dropPercent,
          reference: .mean, threshold: 40, minimum: 100, window: 7, hold: 2, severity: 3),
        StaticRule(
          name: "quiet", scope: .customer("acme"), comparison: .mute, companion: "drop"),
        StaticRule(
          name: "health_drop", scope: .customer("acme"), metric: "health_score",
          comparison: .dropPoints, isOn: false),
      ])
  }

  @Test(
    "a fault is told by its line",
    arguments: [
      "fall,sinks,,", "fall,below,planet:x,", "fall,below,,x", ",below,,", "fall,variance,,",
      "fall,mute,,", "fall,below,,-1",
    ])
  func faults(row: String) {
    let error = #expect(throws: CommandError.self) {
      try rules("name,comparison,scope,threshold\nfine,below,,1\n\(row)\n")
    }
    #expect(error?.description.contains(":3:") == true)
  }
}
