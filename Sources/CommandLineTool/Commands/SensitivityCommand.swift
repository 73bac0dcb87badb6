import Baselines
import EvidenceContract
import SeriesModel
import ServiceRuntime

/// How cautious a house judges: `tidemark sensitivity set SCALE`, `list`, `remove`.
func manageSensitivity(_ context: CommandContext) async throws -> Int32 {
  let house = HouseSettings(reading: context.reader)
  let words = Array(context.positions.dropFirst())
  switch context.position(0) {
  case "set": return try await setSensitivity(words, house, context)
  case "list": return try await listSensitivity(words, house, context)
  case "remove": return try await removeSensitivity(words, house, context)
  default:
    // Help without a work names the settings of all of them.
    _ = ScopeSettings(reading: context.reader)
    _ = context.reader.boolean("past", help: "list: what was replaced or removed, too")
    try context.settingsAreRead()
    throw UsageError("the works are set, list and remove", context.command.usage)
  }
}

/// Whose series are meant.
struct ScopeSettings {
  let segment, customer, metric: String

  init(reading reader: ConfigurationReader) {
    func text(_ key: String, _ help: String) -> String {
      reader.text(key, default: "", help: help)
    }
    segment = text("segment", "whose series are meant; of the three at most one, all without it")
    customer = text("customer", "whose series are meant, by external id")
    metric = text("metric", "which series are meant, by name or by name{dimension=value}")
  }

  func scope(at place: String) throws(CommandError) -> Scope {
    try RuleWords.scope(segment: segment, customer: customer, metric: metric, at: place)
  }
}

private func setSensitivity(
  _ words: [String], _ house: HouseSettings, _ context: CommandContext
) async throws -> Int32 {
  let settings = ScopeSettings(reading: context.reader)
  try context.settingsAreRead()
  guard words.count == 1, let scale = Double(words[0]), (0.1...10).contains(scale) else {
    throw UsageError(
      "set takes a scale from 0.1 to 10: 1 is nominal, 2 asks for twice as much before it tells,"
        + " 0.5 for half", context.command.usage)
  }
  let scope = try context.told { try settings.scope(at: "sensitivity set") }
  var request = PutSettingsRequest()
  request.sensitivity = [SensitivityRule(Baselines.SensitivityRule(scope: scope, scale: scale))]
  let answer = try await house.put(request)
  let news = answer.created > 0 ? "new" : answer.changed > 0 ? "changed" : "known before"
  context.terminal.line(
    "\(news): \(oneLine(RuleWords.scope(scope)))  \(numberWords(scale)); "
      + HouseSettings.effect(isTaken: answer.taken))
  if let notice = await house.notice(of: scope) { context.terminal.note(notice) }
  return 0
}

private func listSensitivity(
  _ words: [String], _ house: HouseSettings, _ context: CommandContext
) async throws -> Int32 {
  let includesPast = context.reader.boolean("past", help: "what was replaced or removed, too")
  try context.settingsAreRead()
  guard words.isEmpty else { throw UsageError("list takes no word", context.command.usage) }
  let found = try await house.all(includesPast: includesPast).compactMap { setting in
    setting.sensitivity.map { (setting, $0) }
  }
  for (setting, wire) in found {
    let rule = try Baselines.SensitivityRule(wire, field: "sensitivity")
    context.terminal.line(
      oneLine(
        "\(RuleWords.scope(rule.scope))  \(numberWords(rule.scale))"
          + "  \(HouseSettings.origin(setting))"))
  }
  if found.isEmpty { context.terminal.line("nothing is set: everything is judged by the scale 1") }
  return 0
}

private func removeSensitivity(
  _ words: [String], _ house: HouseSettings, _ context: CommandContext
) async throws -> Int32 {
  let settings = ScopeSettings(reading: context.reader)
  try context.settingsAreRead()
  guard words.isEmpty else { throw UsageError("remove takes no word", context.command.usage) }
  let scope = try context.told { try settings.scope(at: "sensitivity remove") }
  var request = RemoveSettingsRequest()
  request.sensitivityScopes = [scope.text]
  let answer = try await house.remove(request)
  guard answer.removed > 0 else {
    context.terminal.line("nothing was set for \(oneLine(RuleWords.scope(scope)))")
    return 1
  }
  context.terminal.line(
    "removed: \(oneLine(RuleWords.scope(scope))); "
      + HouseSettings.effect(isTaken: answer.taken))
  return 0
}
