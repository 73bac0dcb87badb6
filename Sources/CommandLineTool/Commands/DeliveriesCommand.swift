import DeliveryContract
import RPC
import SeriesContract
import SeriesModel
import ServiceRuntime

/// The delivery log of a house: `tidemark deliveries list`, `retry ID`, `account`.
func manageDeliveries(_ context: CommandContext) async throws -> Int32 {
  let house = NotifierHouse(reading: context.reader)
  let receiver = context.reader.text("receiver", default: "", help: "list: only this one's")
  let anomaly = context.reader.text("anomaly", default: "", help: "list: only this one's")
  let limit = context.reader.integer(
    "limit", default: 50, in: 1...1_000, help: "list: at most so many, the newest")
  let words = Array(context.positions.dropFirst())
  try context.settingsAreRead()
  switch (context.position(0), words.count) {
  case ("list", 0):
    var request = ListDeliveriesRequest()
    var page = Page()
    page.pageSize = Int32(limit)
    request.page = page
    request.receiver = receiver
    if !anomaly.isEmpty {
      request.anomalyID = try context.told { try NotifierHouse.id(anomaly, "an anomaly") }
    }
    return try await listDeliveries(request, house, context)
  case ("retry", 1): return try await retryDelivery(words[0], house, context)
  case ("account", 0): return try await showAccount(house, context)
  default:
    throw UsageError("the works are list, account, and retry with an ID", context.command.usage)
  }
}

private func listDeliveries(
  _ request: ListDeliveriesRequest, _ house: NotifierHouse, _ context: CommandContext
) async throws -> Int32 {
  let log = try await house.ask { client, options throws(RPCError) in
    try await client.listDeliveries(request, options: options)
  }
  for delivery in log.deliveries { context.terminal.line(line(delivery)) }
  if log.deliveries.isEmpty { context.terminal.note("nothing in the log") }
  return 0
}

private func retryDelivery(
  _ word: String, _ house: NotifierHouse, _ context: CommandContext
) async throws -> Int32 {
  var request = RetryDeliveryRequest()
  request.deliveryID = try context.told { try NotifierHouse.id(word, "a delivery") }
  let ready = request
  let answer = try await house.ask { client, options throws(RPCError) in
    try await client.retryDelivery(ready, options: options)
  }
  if let delivery = answer.delivery { context.terminal.line(line(delivery)) }
  return 0
}

private func showAccount(_ house: NotifierHouse, _ context: CommandContext) async throws -> Int32 {
  let account = try await house.ask { client, options throws(RPCError) in
    try await client.getAccount(GetAccountRequest(), options: options)
  }
  context.terminal.line("raised \(account.raised)")
  for entry in account.dispositions {
    context.terminal.line("  \(entry.disposition) \(entry.count)")
  }
  return 0
}

private func line(_ delivery: Delivery) -> String {
  let state: String =
    switch delivery.state {
    case .queued: "queued"
    case .sent: "sent"
    case .undeliverable: "undeliverable"
    default: delivery.disposition.isEmpty ? "skipped" : delivery.disposition
    }
  var words = [
    WireUUID(bytes: delivery.id)?.text ?? "", NotifierHouse.moment(delivery.queuedUnixUs), state,
    delivery.receiver.isEmpty ? "-" : delivery.receiver,
  ]
  if !delivery.person.isEmpty { words.append("for \(delivery.person)") }
  if !delivery.notificationReason.isEmpty { words.append(delivery.notificationReason) }
  words.append("\(delivery.customer): \(delivery.summary)")
  if !delivery.reason.isEmpty { words.append("(\(delivery.reason))") }
  if let last = delivery.attempts.last { words.append("try \(last.attempt): \(last.answer)") }
  return oneLine(words.joined(separator: "  "))
}
