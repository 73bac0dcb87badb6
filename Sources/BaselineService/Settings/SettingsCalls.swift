import Baselines
import EvidenceContract
import RPC

extension BaselineCalls {
  /// Takes over what people set; runs that begin from now on are judged by it.
  func takeSettings(
    _ request: TakeSettingsRequest, context: CallContext
  ) async throws(RPCError) -> TakeSettingsResponse {
    let wanted = try JudgementSettings(request)
    return try await answering { () async throws -> TakeSettingsResponse in
      var response = TakeSettingsResponse()
      response.sequence = try await settings.take(wanted)
      return response
    }
  }
}
