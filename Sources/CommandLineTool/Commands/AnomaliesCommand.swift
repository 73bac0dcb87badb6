import AnomalyContract
import Classification
import PointsContract
import RPC
import SeriesContract
import SeriesModel
import ServiceRuntime

/// Shows what was found, as the chat does: `tidemark anomalies [CUSTOMER]`.
func showAnomalies(_ context: CommandContext) async throws -> Int32 {
  let client = HouseClient(reading: context.reader)
  let accountsMax = context.reader.integer(
    "accounts-limit", default: 20, in: 1...100_000, help: "accounts shown, the worst first")
  let perAccount = context.reader.integer(
    "anomalies-limit", default: 5, in: 1...1_000, help: "anomalies shown of an account")
  let isAll = context.reader.boolean("all", help: "show those that are over, too")
  let isByID = context.reader.boolean(
    "ids", help: "one line an anomaly, with its id and its customer's key")
  try context.settingsAreRead()
  var request = ListAnomaliesRequest()
  if let customer = context.position(0) {
    request.customerID = try await client.with("ingest") { caller in
      var question = GetCustomerRequest()
      question.customer = customer
      let answer = try await IngestClient(caller).getCustomer(question, options: CallOptions())
      return answer.customer?.id ?? []
    }
  }
  if !isAll { request.states = [.open, .acknowledged, .recovering] }
  let anomalies = try await allAnomalies(request, client)
  if isByID {
    for anomaly in anomalies {
      context.terminal.line(
        "\(anomaly.id.wireUUID.text) \(anomaly.customer.externalID) \(anomaly.customerName):"
          + " \(anomaly.summary)")
    }
    return 0
  }
  var style = ChatStyle()
  style.accountsMax = accountsMax
  style.anomaliesPerAccountMax = perAccount
  style.showsDates = true
  style.showsFiguresOfPositives = true
  context.terminal.line(renderChat(anomalies: anomalies, style: style))
  return 0
}

/// All pages of a list.
func allAnomalies(
  _ first: ListAnomaliesRequest, _ client: HouseClient
) async throws -> [Classification.Anomaly] {
  try await client.with("classifier") { caller in
    let classifier = ClassifierClient(caller)
    var request = first
    var page = Page()
    page.pageSize = 1_000
    var found: [Classification.Anomaly] = []
    repeat {
      request.page = page
      let answer = try await classifier.listAnomalies(request, options: CallOptions())
      for anomaly in answer.anomalies { found.append(try Classification.Anomaly(anomaly)) }
      page.pageToken = answer.nextPageToken
    } while !page.pageToken.isEmpty
    return found
  }
}

/// Who dismisses by the command line.
let dismissingActor = "tidemark command line"

/// Says that an anomaly was no problem: `tidemark dismiss ID`.
func dismiss(_ context: CommandContext) async throws -> Int32 {
  let client = HouseClient(reading: context.reader)
  let reason = context.reader.text("reason", default: "", help: "why it is no problem")
  let comment = context.reader.text("comment", default: "", help: "more about it")
  try context.settingsAreRead()
  guard let word = context.position(0), let id = WireUUID(text: word) else {
    throw UsageError("the id is a UUID, as `tidemark anomalies --ids` shows", context.command.usage)
  }
  var request = TransitionRequest()
  request.anomalyID = id.bytes
  request.verb = .dismiss
  request.actorName = dismissingActor
  request.reason = reason
  request.comment = comment
  let answer = try await client.with("classifier") { caller in
    try await ClassifierClient(caller).transition(request, options: CallOptions())
  }
  let summary = answer.anomaly?.summary ?? ""
  context.terminal.line(
    answer.changed ? "dismissed: \(summary)" : "was dismissed before: \(summary)")
  return 0
}
