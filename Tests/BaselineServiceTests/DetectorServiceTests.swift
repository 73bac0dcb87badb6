import AnomalyContract
import Baselines
import DetectorService
import EvidenceContract
import FindingsContract
import Locking
import RPC
import SeriesContract
import SeriesModel
import ServiceRuntime
import Testing

/// A classifier that keeps what it was handed.
private final class RecordingClassifier: ClassifierHandler {
  let batches = Locked<[FindingsContract.FindingsBatch]>([])
  let kept = Locked<[ClassifyRequest]>([])
  let deadlines = Locked<[Deadline]>([])

  func classify(
    _ request: ClassifyRequest, context: CallContext
  ) async throws(RPCError) -> ClassifyResponse {
    batches.withLock { $0 += request.findings.map { [$0] } ?? [] }
    deadlines.withLock { $0.append(context.deadline) }
    var response = ClassifyResponse()
    response.opened = 1
    return response
  }

  private var absent: RPCError { RPCError(.unimplemented, "not in this test") }

  func keepForReview(
    _ request: ClassifyRequest, context: CallContext
  ) async throws(RPCError) -> ClassifyResponse {
    kept.withLock { $0.append(request) }
    return ClassifyResponse()
  }

  func openReview(
    _ request: OpenReviewRequest, context: CallContext
  ) async throws(RPCError) -> OpenReviewResponse {
    var response = OpenReviewResponse()
    response.fromBucket = request.firstBucket.map { $0 - 1 }
    return response
  }

  func closeReview(
    _ request: CloseReviewRequest, context: CallContext
  ) async throws(RPCError) -> CloseReviewResponse {
    var response = CloseReviewResponse()
    response.withdrawn = Int64(request.customers.count)
    return response
  }

  func getAnomaly(
    _ request: GetAnomalyRequest, context: CallContext
  ) async throws(RPCError) -> GetAnomalyResponse { throw absent }

  func listAnomalies(
    _ request: ListAnomaliesRequest, context: CallContext
  ) async throws(RPCError) -> ListAnomaliesResponse { throw absent }

  func getEvidence(
    _ request: GetEvidenceRequest, context: CallContext
  ) async throws(RPCError) -> GetEvidenceResponse { throw absent }

  func transition(
    _ request: TransitionRequest, context: CallContext
  ) async throws(RPCError) -> TransitionResponse { throw absent }

  func getDecision(
    _ request: GetDecisionRequest, context: CallContext
  ) async throws(RPCError) -> GetDecisionResponse { throw absent }

  func putSettings(
    _ request: PutSettingsRequest, context: CallContext
  ) async throws(RPCError) -> PutSettingsResponse { throw absent }

  func listSettings(
    _ request: ListSettingsRequest, context: CallContext
  ) async throws(RPCError) -> ListSettingsResponse { throw absent }

  func removeSettings(
    _ request: RemoveSettingsRequest, context: CallContext
  ) async throws(RPCError) -> RemoveSettingsResponse { throw absent }
}

@Suite("Detector as a service")
struct DetectorServiceTests {
  /// Evidence of eighty days of which the last one has nothing.
  private func evidence() -> EvidenceContract.EvidenceBatch {
    var model = SeriesBaseline(kind: .count, granularity: .day)
    var last: Baselines.EvidenceBatch?
    for bucket in 0..<80 as Range<Int32> {
      var batch = Baselines.EvidenceBatch(
        runID: ScanRunID(high: 1, low: 2), bucket: Bucket(.day, bucket), revision: 1,
        ingestSequence: 1, modelVersion: ModelParameters.version,
        customers: [SeriesModel.Customer(id: CustomerID(high: 0, low: 1), externalID: "acme")],
        metrics: [
          SeriesModel.Metric(id: MetricID(1), name: "calls", granularity: .day, kind: .count)
        ], windows: ModelParameters.parameters(for: .day).windows)
      let value = bucket == 79 ? 0 : Double(90 + bucket % 5)
      _ = model.advance(
        to: bucket, value: value, customerIndex: 0, metricIndex: 0, into: &batch)
      last = batch
    }
    return last.map(EvidenceContract.EvidenceBatch.init) ?? EvidenceContract.EvidenceBatch()
  }

  private func serving(
    _ body: (DetectorClient, RecordingClassifier) async throws -> Void
  ) async throws {
    let number = UInt64.random(in: .min ... .max)
    let classifier = RecordingClassifier()
    let backend = RPCServer(
      urls: ["inproc://classifier-\(number)"], services: [classifier.rpcService],
      settings: RPCServerSettings(serviceName: "classifier"))
    try backend.listen()
    defer { backend.close() }
    let url = "inproc://detector-service-\(number)"
    let service = try DetectorService(
      settings: DetectorConfiguration(
        runtime: RuntimeSettings(),
        rpc: RPCSettings(
          serviceName: "detector", listenURLs: [url],
          backendURLs: ["classifier": ["inproc://classifier-\(number)"]])),
      logger: Logger(service: "detector", level: .critical))
    try await service.start()
    async let running: Void = service.run()
    let channel = try RPCChannel(url: url)
    try await body(DetectorClient(channel), classifier)
    channel.close()
    await service.shutDown()
    try await running
  }

  @Test func `what is found is handed to the classifier within the caller's deadline`()
    async throws
  {
    try await serving { client, classifier in
      var request = JudgeRequest()
      request.evidence = evidence()
      request.notify = true
      let deadline = Deadline.after(milliseconds: 5_000)
      let response = try await client.judge(request, options: CallOptions(deadline: deadline))
      #expect(response.seriesJudged == 1)
      #expect(response.findings == 1)
      #expect(response.anomaliesOpened == 1)
      let handed = classifier.batches.withLock { $0 }
      #expect(handed.count == 1)
      #expect(handed.first?.notify == true)
      #expect(handed.first?.findings.first?.kind == .drop)
      #expect(classifier.deadlines.withLock { $0.allSatisfy { $0 <= deadline } })
    }
  }

  @Test func `a part of a review is handed over as one, and never as if it were new`()
    async throws
  {
    try await serving { client, classifier in
      var request = JudgeRequest()
      request.evidence = evidence()
      request.reviewID = WireUUID(high: 0x8000, low: 1 << 63).bytes
      let response = try await client.judgeForReview(request)
      #expect(response.findings == 1 && response.anomaliesOpened == 0)
      let kept = classifier.kept.withLock { $0 }
      #expect(kept.map(\.reviewID) == [request.reviewID])
      #expect(kept.first?.findings?.findings.count == 1)
      let error = await #expect(throws: RPCError.self) { _ = try await client.judge(request) }
      #expect(error?.details.first?.field == "review_id")
      #expect(classifier.batches.withLock { $0.isEmpty })
    }
  }

  @Test func `evaluating stores nothing, and the same evidence gives the same bytes`() async throws
  {
    try await serving { client, classifier in
      var request = EvaluateRequest()
      request.evidence = evidence()
      let first = try await client.evaluate(request)
      #expect(first.findings?.findings.count == 1)
      #expect(try await client.evaluate(request).wireBytes() == first.wireBytes())
      #expect(classifier.batches.withLock { $0.isEmpty })
    }
  }

  @Test func `evidence that is missing or damaged is refused by name and hands over nothing`()
    async throws
  {
    try await serving { client, classifier in
      var fields: [String] = []
      for damage in 0...1 {
        var request = JudgeRequest()
        if damage == 1 {
          request.evidence = evidence()
          request.evidence?.windowSum = []
        }
        do throws(RPCError) {
          _ = try await client.judge(request)
        } catch {
          #expect(error.code == .invalidArgument)
          fields += error.details.map(\.field)
        }
      }
      #expect(fields == ["evidence", "evidence.window_sum"])
      #expect(classifier.batches.withLock { $0.isEmpty })
    }
  }
}
