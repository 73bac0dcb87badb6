import DeliveryContract
import RPC

// What the classifier never asks a notifier for.
extension FakeNotifier {
  private func refuse(_ method: String) -> RPCError {
    RPCError(.unimplemented, "the classifier has no business with \(method)")
  }

  func createSilence(
    _ request: CreateSilenceRequest, context: CallContext
  ) async throws(RPCError) -> CreateSilenceResponse {
    throw refuse("CreateSilence")
  }

  func expireSilence(
    _ request: ExpireSilenceRequest, context: CallContext
  ) async throws(RPCError) -> ExpireSilenceResponse {
    throw refuse("ExpireSilence")
  }

  func listSilences(
    _ request: ListSilencesRequest, context: CallContext
  ) async throws(RPCError) -> ListSilencesResponse {
    throw refuse("ListSilences")
  }

  func previewSilence(
    _ request: PreviewSilenceRequest, context: CallContext
  ) async throws(RPCError) -> PreviewSilenceResponse {
    throw refuse("PreviewSilence")
  }

  func testReceiver(
    _ request: TestReceiverRequest, context: CallContext
  ) async throws(RPCError) -> TestReceiverResponse {
    throw refuse("TestReceiver")
  }

  func listReceivers(
    _ request: ListReceiversRequest, context: CallContext
  ) async throws(RPCError) -> ListReceiversResponse {
    throw refuse("ListReceivers")
  }

  func getAccount(
    _ request: GetAccountRequest, context: CallContext
  ) async throws(RPCError) -> GetAccountResponse {
    throw refuse("GetAccount")
  }

  func putConfiguration(
    _ request: PutConfigurationRequest, context: CallContext
  ) async throws(RPCError) -> PutConfigurationResponse {
    throw refuse("PutConfiguration")
  }

  func listConfigurations(
    _ request: ListConfigurationsRequest, context: CallContext
  ) async throws(RPCError) -> ListConfigurationsResponse {
    throw refuse("ListConfigurations")
  }

  func getConfiguration(
    _ request: GetConfigurationRequest, context: CallContext
  ) async throws(RPCError) -> GetConfigurationResponse {
    throw refuse("GetConfiguration")
  }

  func activateConfiguration(
    _ request: ActivateConfigurationRequest, context: CallContext
  ) async throws(RPCError) -> ActivateConfigurationResponse {
    throw refuse("ActivateConfiguration")
  }

  func sendDigest(
    _ request: SendDigestRequest, context: CallContext
  ) async throws(RPCError) -> SendDigestResponse {
    throw refuse("SendDigest")
  }

  func handleInbound(
    _ request: HandleInboundRequest, context: CallContext
  ) async throws(RPCError) -> HandleInboundResponse {
    throw refuse("HandleInbound")
  }
}
