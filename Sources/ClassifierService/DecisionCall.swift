internal import AnomalyContract
internal import Classification
internal import EvidenceContract
internal import Postgres
internal import RPC
internal import SeriesContract
internal import SeriesModel

extension ClassifierEndpoint {
  func getDecision(
    _ request: GetDecisionRequest, context: CallContext
  ) async throws(RPCError) -> GetDecisionResponse {
    let id = AnomalyID(try WireUUID(bytes: request.anomalyID, field: "anomaly_id"))
    let wanted = request.hasBucket ? request.bucket : nil
    let found = try await answering {
      try await store.pool.transaction { connection in
        let record = try ClassifierStore.find(id, customer: nil, on: connection)
        return try DecisionTable.load(id, of: record.customer.id, bucket: wanted, on: connection)
      }
    }
    guard let decision = found.decision else {
      throw RPCError(
        .notFound, field: wanted == nil ? "anomaly_id" : "bucket", reason: "no_decision",
        found.buckets.isEmpty
          ? "no decision is kept of the anomaly \(id.wireUUID.text): it is a platform event, part of"
            + " another anomaly, or older than the records"
          : "no decision of that bucket is kept of the anomaly \(id.wireUUID.text)")
    }
    var response = GetDecisionResponse()
    response.bucket = decision.bucket
    response.revision = decision.revision
    response.metricID = decision.metric.number
    response.modelVersion = decision.modelVersion
    response.evidenceHash = decision.evidenceHash
    response.record = decision.record
    response.buckets = found.buckets
    do throws(WireError) {
      response.inputs = try EvidenceContract.EvidenceBatch(wireBytes: decision.inputs)
    } catch {
      throw RPCError(.dataLoss, "the stored inputs cannot be read: \(error.description)")
    }
    return response
  }
}
