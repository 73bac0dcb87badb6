import DeliveryContract
import RPC
import SeriesContract
import SeriesModel
import ServiceRuntime

/// Receivers of a house: `tidemark receivers list`, `test NAME`.
func manageReceivers(_ context: CommandContext) async throws -> Int32 {
  let house = NotifierHouse(reading: context.reader)
  let words = Array(context.positions.dropFirst())
  try context.settingsAreRead()
  switch (context.position(0), words.count) {
  case ("list", 0): return try await listReceivers(house, context)
  case ("test", 1): return try await testReceiver(words[0], house, context)
  default: throw UsageError("the works are list, and test with a NAME", context.command.usage)
  }
}

private func listReceivers(_ house: NotifierHouse, _ context: CommandContext) async throws -> Int32
{
  let found = try await house.ask { client, options throws(RPCError) in
    try await client.listReceivers(ListReceiversRequest(), options: options)
  }
  for receiver in found.receivers {
    var words = [
      receiver.receiver, receiver.kind, "waiting \(receiver.waiting)",
      "last success \(NotifierHouse.moment(receiver.lastSuccessUnixUs))",
    ]
    if receiver.failuresInARow > 0 {
      words.append("\(receiver.failuresInARow) failures in a row: \(receiver.lastFailure)")
    }
    if receiver.undeliverable > 0 { words.append("undeliverable \(receiver.undeliverable)") }
    if receiver.budgetLimit > 0 {
      words.append("budget \(receiver.budgetRemaining) of \(receiver.budgetLimit) left")
    }
    if receiver.disabledUnixUs > 0 {
      words.append("disabled since \(NotifierHouse.moment(receiver.disabledUnixUs))")
    }
    context.terminal.line(oneLine(words.joined(separator: "  ")))
  }
  return 0
}

/// Sends a message that says it is a test, and waits until it is known what became of it.
private func testReceiver(
  _ name: String, _ house: NotifierHouse, _ context: CommandContext
) async throws -> Int32 {
  var request = TestReceiverRequest()
  request.receiver = name
  let ready = request
  let made = try await house.ask { client, options throws(RPCError) in
    try await client.testReceiver(ready, options: options)
  }
  var list = ListDeliveriesRequest()
  list.receiver = name
  let wanted = list
  // The answer comes within the bound of one try; after it the log has the rest.
  let end = SystemTime.unixMicroseconds() + 20_000_000
  while true {
    let log = try await house.ask { client, options throws(RPCError) in
      try await client.listDeliveries(wanted, options: options)
    }
    guard let line = log.deliveries.first(where: { $0.id == made.deliveryID }) else { break }
    let answer = line.attempts.last.map(\.answer) ?? ""
    if line.state == .sent {
      context.terminal.line("taken: \(oneLine(answer))")
      return 0
    }
    if line.state != .queued || (!answer.isEmpty && answer != "(no answer noted)") {
      context.terminal.note("not taken: \(oneLine(answer.isEmpty ? line.reason : answer))")
      return 1
    }
    if SystemTime.unixMicroseconds() > end { break }
    try await Task.sleep(for: .milliseconds(100))
  }
  context.terminal.note("no answer yet; see the delivery log")
  return 1
}
