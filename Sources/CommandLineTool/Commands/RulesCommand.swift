import Baselines
import EvidenceContract
import SeriesModel
import ServiceRuntime

/// The static rules of a house: `tidemark rules list`, `add`, `import FILE`, `remove NAME`.
func manageRules(_ context: CommandContext) async throws -> Int32 {
  let house = HouseSettings(reading: context.reader)
  let words = Array(context.positions.dropFirst())
  switch context.position(0) {
  case "list": return try await listRules(words, house, context)
  case "add": return try await addRule(words, house, context)
  case "import": return try await importRules(words, house, context)
  case "remove": return try await removeRule(words, house, context)
  default:
    // Help without a work names the settings of all of them.
    _ = RuleSettings(reading: context.reader)
    _ = context.reader.boolean("past", help: "list: what was replaced or removed, too")
    try context.settingsAreRead()
    throw UsageError("the works are list, add, import and remove", context.command.usage)
  }
}

/// What one rule is told as.
private struct RuleSettings {
  private let words: [String: String]

  init(reading reader: ConfigurationReader) {
    let help = [
      "name": "of two rules of one name that of the narrower scope decides",
      "comparison": RuleWords.comparisons,
      "scope": "all when left out, or segment:NAME, metric:NAME, customer:ID",
      "metric": "name, key or start of it before *; every metric when left out",
      "reference": Baselines.StaticRule.Reference.allCases.map(\.name).joined(separator: ", "),
      "threshold": "what has to be passed", "minimum": "that the reference must reach",
      "ceiling": "above it a plateau is none",
      "window": "in buckets, 1 to \(Baselines.StaticRule.windowMax)",
      "hold": "how many newest buckets must all show it, 1 to \(Baselines.StaticRule.windowMax)",
      "companion": "the metric of the forecast or of the customers at risk, or what is muted",
      "severity": "at least: info, warning or critical",
      "off": "true switches the rule of that name off within the scope",
    ]
    var words: [String: String] = [:]
    for key in ["name", "comparison"] + RuleWords.optional {
      words[key] = reader.text(key, default: "", help: help[key] ?? key)
    }
    self.words = words
  }

  func rule() throws(CommandError) -> Baselines.StaticRule {
    try RuleWords.rule(at: "rules add") { words[$0] ?? "" }
  }
}

private func listRules(
  _ words: [String], _ house: HouseSettings, _ context: CommandContext
) async throws -> Int32 {
  let includesPast = context.reader.boolean("past", help: "what was replaced or removed, too")
  try context.settingsAreRead()
  guard words.isEmpty else { throw UsageError("list takes no word", context.command.usage) }
  var own: Set<String> = []
  for setting in try await house.all(includesPast: includesPast) {
    guard let wire = setting.rule else { continue }
    let rule = try Baselines.StaticRule(wire, field: "rule")
    if setting.endedUnixUs == 0, rule.scope == .organisation { own.insert(rule.name) }
    context.terminal.line(
      oneLine("\(RuleWords.line(rule))  \(HouseSettings.origin(setting))"))
  }
  for rule in Baselines.StaticRule.shipped {
    context.terminal.line("\(RuleWords.line(rule))  \(RuleWords.standing(rule, own: own))")
  }
  return 0
}

private func addRule(
  _ words: [String], _ house: HouseSettings, _ context: CommandContext
) async throws -> Int32 {
  let settings = RuleSettings(reading: context.reader)
  try context.settingsAreRead()
  guard words.isEmpty else { throw UsageError("add takes no word", context.command.usage) }
  let rule = try context.told { try settings.rule() }
  var request = PutSettingsRequest()
  request.rules = [EvidenceContract.StaticRule(rule)]
  let answer = try await house.put(request)
  let news = answer.created > 0 ? "new" : answer.changed > 0 ? "changed" : "known before"
  context.terminal.line(
    "\(news): \(RuleWords.line(rule)); " + HouseSettings.effect(isTaken: answer.taken))
  if let notice = await house.notice(of: rule.scope) { context.terminal.note(notice) }
  return 0
}

private func importRules(
  _ words: [String], _ house: HouseSettings, _ context: CommandContext
) async throws -> Int32 {
  try context.settingsAreRead()
  guard words.count == 1 else { throw UsageError("import takes one file", context.command.usage) }
  let rules = try RuleFile.rules(path: words[0])
  var request = PutSettingsRequest()
  request.rules = rules.map { EvidenceContract.StaticRule($0) }
  let answer = try await house.put(request)
  context.terminal.line(
    "\(words[0]): \(grouped(Int64(rules.count))) rules, of them \(grouped(answer.created)) new and"
      + " \(grouped(answer.changed)) changed; " + HouseSettings.effect(isTaken: answer.taken))
  return 0
}

private func removeRule(
  _ words: [String], _ house: HouseSettings, _ context: CommandContext
) async throws -> Int32 {
  let text = context.reader.text(
    "scope", default: "", help: "that of the rule: segment:NAME, metric:NAME or customer:ID")
  try context.settingsAreRead()
  guard words.count == 1, let scope = Scope(text) else {
    throw UsageError(
      "remove takes a rule's name, and its --scope where it is not that of all",
      context.command.usage)
  }
  var name = RuleName()
  name.name = words[0]
  name.scope = scope.text
  var request = RemoveSettingsRequest()
  request.rules = [name]
  let answer = try await house.remove(request)
  let what = oneLine("\(words[0])  \(RuleWords.scope(scope))")
  guard answer.removed > 0 else {
    context.terminal.line("no rule was set: \(what)")
    return 1
  }
  context.terminal.line("removed: \(what); " + HouseSettings.effect(isTaken: answer.taken))
  return 0
}
