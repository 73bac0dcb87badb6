public import AnomalyContract
import Baselines
import Detection
import EvidenceContract
public import FindingsContract
public import RPC
public import ServiceRuntime

/// Answers the Detector's methods.
///
/// Holds nothing between calls: the evidence carries all that judging needs.
public struct DetectorCalls: DetectorHandler {
  private let classifier: ClassifierClient
  private let rows: Counter
  private let findings: Counter

  /// Judges on behalf of callers, with a classifier behind.
  public init(classifier: ClassifierClient, registry: MetricsRegistry) {
    self.classifier = classifier
    rows = registry.counter(
      "tidemark_detector_series_total", help: "Series judged, each bucket of each one.")
    findings = registry.counter(
      "tidemark_detector_findings_total", help: "What was found.", labels: ["kind"])
  }

  /// Judges, hands the findings to the classifier, and answers when it has committed them.
  public func judge(
    _ request: JudgeRequest, context: CallContext
  ) async throws(RPCError) -> JudgeResponse {
    guard request.reviewID.isEmpty else {
      throw RPCError(
        .invalidArgument, field: "review_id", reason: "not_here",
        "review_id: a part of a review is judged by JudgeForReview")
    }
    let found = try findings(in: request.evidence, notify: request.notify)
    var hand = ClassifyRequest()
    hand.findings = FindingsContract.FindingsBatch(found)
    let committed = try await classifier.classify(hand, options: context.childOptions())
    var response = Self.response(found)
    response.anomaliesOpened = committed.opened
    response.anomaliesChanged = committed.changed
    return response
  }

  /// Judges as a part of a review, and answers when the classifier keeps it for the review's end.
  public func judgeForReview(
    _ request: JudgeRequest, context: CallContext
  ) async throws(RPCError) -> JudgeResponse {
    let found = try findings(in: request.evidence, notify: request.notify)
    var hand = ClassifyRequest()
    hand.findings = FindingsContract.FindingsBatch(found)
    hand.reviewID = request.reviewID
    _ = try await classifier.keepForReview(hand, options: context.childOptions())
    return Self.response(found)
  }

  private static func response(_ found: Detection.FindingsBatch) -> JudgeResponse {
    var response = JudgeResponse()
    response.seriesJudged = Int64(found.count)
    response.findings = Int64(found.findings.count)
    return response
  }

  /// Judges and answers with the findings; nothing is stored.
  public func evaluate(
    _ request: EvaluateRequest, context: CallContext
  ) async throws(RPCError) -> EvaluateResponse {
    var response = EvaluateResponse()
    response.findings = FindingsContract.FindingsBatch(
      try findings(in: request.evidence, notify: false))
    return response
  }

  /// Begins a review at the classifier.
  public func openReview(
    _ request: OpenReviewRequest, context: CallContext
  ) async throws(RPCError) -> OpenReviewResponse {
    try await classifier.openReview(request, options: context.childOptions())
  }

  /// Lets the classifier take over what was judged under the review's id.
  public func closeReview(
    _ request: CloseReviewRequest, context: CallContext
  ) async throws(RPCError) -> CloseReviewResponse {
    try await classifier.closeReview(request, options: context.childOptions())
  }

  private func findings(
    in wire: EvidenceContract.EvidenceBatch?, notify: Bool
  ) throws(RPCError) -> Detection.FindingsBatch {
    guard let wire else {
      throw RPCError(
        .invalidArgument, field: "evidence", reason: "missing", "evidence is missing")
    }
    let evidence = try Baselines.EvidenceBatch(wire)
    // Evidence of an older or newer model is judged by the rules of this one: while a release is
    // rolled out, both are there.
    var found = Detection.judge(evidence, notify: notify)
    // They go along, so that the decision can be kept and made again.
    found.inputs = evidence.inputs(ofRows: found.findings.map(\.row))
    rows.increment(by: Double(found.count))
    for finding in found.findings { findings.increment(finding.kind.name) }
    return found
  }
}
