internal import DeliveryContract
internal import PagerDutyIntegration
internal import RPC
internal import ServiceRuntime

// What comes back from outside.
extension NotifierCalls {
  func handleInbound(
    _ request: HandleInboundRequest, context: CallContext
  ) async throws(RPCError) -> HandleInboundResponse {
    guard request.kind == PagerDutySettings.kind else {
      throw RPCError(
        .invalidArgument, field: "kind", reason: "unknown_kind",
        "kind '\(request.kind)' cannot come in; there is \(PagerDutySettings.kind)")
    }
    let way = store.configuration.current.receivers[request.receiver]?.way
    guard let settings = way as? PagerDutySettings, !settings.webhookSecrets.isEmpty else {
      throw RPCError(
        .notFound, field: "receiver", reason: "unknown_receiver",
        "there is no receiver '\(request.receiver)' that takes PagerDuty's webhooks")
    }
    guard inbound.classifier != nil else {
      throw RPCError(
        .failedPrecondition, "the notifier does not know the classifier's address (classifier-url)")
    }
    let signature = request.headers.first { $0.name.lowercased() == "x-pagerduty-signature" }
    let events: [PagerDutyInbound.Event]
    do throws(PagerDutyInbound.Failure) {
      events = try PagerDutyInbound.verify(
        request.body, signatureHeader: signature?.value ?? "", secrets: settings.webhookSecrets)
    } catch {
      let code: StatusCode = error.code == .unsigned ? .unauthenticated : .invalidArgument
      throw RPCError(code, error.description)
    }
    let (receiver, now) = (request.receiver, clock())
    var response = HandleInboundResponse()
    for event in events {
      let moved = try await stored { () async throws in
        try await inbound.take(event, receiver: receiver, now: now)
      }
      response.applied += UInt32(clamping: moved ?? 0)
      response.duplicate = response.duplicate || moved == nil
      logger.info(
        "inbound event taken",
        ["receiver": receiver, "kind": event.kind.rawValue, "anomalies": "\(moved ?? 0)"])
    }
    return response
  }
}
