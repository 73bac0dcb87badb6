import DeliveryContract
import RPC
import SeriesContract
import SeriesModel
import ServiceRuntime

/// Versions of a house's routes: `tidemark config list`, `show`, `put FILE`, `activate VERSION`.
func manageConfigurations(_ context: CommandContext) async throws -> Int32 {
  let house = NotifierHouse(reading: context.reader)
  let author = context.reader.text(
    "by", default: "tidemark command line", help: "put: who brings it")
  let comment = context.reader.text("comment", default: "", help: "put: why")
  let words = Array(context.positions.dropFirst())
  try context.settingsAreRead()
  switch (context.position(0), words.count) {
  case ("list", 0): return try await listVersions(house, context)
  case ("show", 0...1): return try await showVersion(words.first, house, context)
  case ("put", 1): return try await putVersion(words[0], author, comment, house, context)
  case ("activate", 1): return try await activateVersion(words[0], house, context)
  default:
    throw UsageError(
      "the works are list, show, put with a FILE and activate with a VERSION",
      context.command.usage)
  }
}

private func listVersions(_ house: NotifierHouse, _ context: CommandContext) async throws -> Int32 {
  let versions = try await house.pages { client, page throws(RPCError) in
    var request = ListConfigurationsRequest()
    request.page = page
    let answer = try await client.listConfigurations(request, options: CallOptions())
    return (answer.versions, answer.nextPageToken)
  }
  for version in versions { context.terminal.line(line(version)) }
  if versions.isEmpty { context.terminal.note("no versions") }
  return 0
}

private func showVersion(
  _ word: String?, _ house: NotifierHouse, _ context: CommandContext
) async throws -> Int32 {
  var request = GetConfigurationRequest()
  request.version = try context.told { try number(word ?? "0") }
  let ready = request
  let found = try await house.ask { client, options throws(RPCError) in
    try await client.getConfiguration(ready, options: options)
  }
  let text = String(decoding: found.version?.yaml ?? [], as: UTF8.self)
  for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast(
    text.hasSuffix("\n") ? 1 : 0)
  {
    context.terminal.line(String(line))
  }
  return 0
}

private func putVersion(
  _ path: String, _ author: String, _ comment: String, _ house: NotifierHouse,
  _ context: CommandContext
) async throws -> Int32 {
  var request = PutConfigurationRequest()
  request.yaml = try SettingsFile.bytes(path)
  request.author = author
  request.comment = comment
  let ready = request
  let put = try await house.ask { client, options throws(RPCError) in
    try await client.putConfiguration(ready, options: options)
  }
  for fault in put.faults { context.terminal.note(oneLine(fault)) }
  guard let version = put.version else { return 1 }
  for warning in version.warnings { context.terminal.note("warning: \(oneLine(warning))") }
  context.terminal.line(
    "version \(version.version) is kept; tidemark config activate \(version.version) puts it into "
      + "force")
  return 0
}

private func activateVersion(
  _ word: String, _ house: NotifierHouse, _ context: CommandContext
) async throws -> Int32 {
  var request = ActivateConfigurationRequest()
  request.version = try context.told { try number(word) }
  let ready = request
  let active = try await house.ask { client, options throws(RPCError) in
    try await client.activateConfiguration(ready, options: options)
  }
  if let version = active.version { context.terminal.line(line(version)) }
  return 0
}

private func number(_ word: String) throws(CommandError) -> UInt64 {
  guard let number = UInt64(word) else { throw CommandError("'\(word)' is no number of a version") }
  return number
}

private func line(_ version: ConfigurationVersion) -> String {
  var words = [
    "\(version.version)", version.active ? "in force" : "kept",
    NotifierHouse.moment(version.createdUnixUs), "by \(version.author)",
  ]
  if !version.comment.isEmpty { words.append("\"\(version.comment)\"") }
  return oneLine(words.joined(separator: "  "))
}
