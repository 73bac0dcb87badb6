import RPC
import ServiceRuntime

/// Calls any method from a command line: `tidemark rpc URL list|SERVICE/METHOD [JSON]`.
func callByHand(_ context: CommandContext) async throws -> Int32 {
  let client = HouseClient(reading: context.reader)
  let service = context.reader.optionalText(
    "service", help: "who listens there, where neither the settings nor the method tell it")
  let token = context.reader.secretFile(
    "bearer-token-file", help: "a token that is shown to the gateway")
  let seconds = context.reader.seconds(
    "timeout-seconds", default: 10, in: 0.001...3_600, help: "the deadline of the call")
  try context.settingsAreRead()
  let (url, method) = (context.positions[0], context.positions[1])
  let settings = client.settings(url: url, service: service)
  var options = CallOptions(timeoutMilliseconds: Int(seconds * 1_000))
  if let token { options.metadata["authorization"] = "Bearer \(token.secret)" }
  if method == "list" {
    let info = try await RPCInspector.list(url: url, settings: settings, options: options)
    context.terminal.line("\(info.service) \(info.version), contracts \(info.contractHash)")
    for served in info.methods.map(\.name).sorted() { context.terminal.line("  \(served)") }
    return 0
  }
  let answer = try await RPCInspector.call(
    url: url, method: method, json: context.position(2) ?? "", settings: settings,
    options: options)
  context.terminal.line(answer)
  return 0
}
