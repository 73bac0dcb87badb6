import Baselines
import EvidenceContract
import Explaining
import JSON
import RPC
import SeriesContract
import SeriesModel
import ServiceRuntime

extension BaselineCalls {
  /// Says why something was or was not raised, from what is stored.
  func explain(
    _ request: ExplainRequest, context: CallContext
  ) async throws(RPCError) -> ExplainResponse {
    try await answering { () async throws -> ExplainResponse in
      let customer = try await lookup.customer(request.customer, field: "customer")
      let metric = try await lookup.metric(request.metric, field: "metric")
      let bucket = try Self.bucket(request.moment, metric.granularity)
      let series = LiveSeries(
        customer: customer, metric: metric, runs: runs, reader: reader, calendar: calendar,
        cohorts: cohorts, settings: settings, deadline: context.deadline)
      let (explanation, run) = try await series.explanation(of: bucket)
      var response = ExplainResponse()
      response.granularity = SeriesContract.Granularity(metric.granularity)
      response.bucket = bucket.index
      response.lines = Self.bounded(ExplanationWords(explanation).lines)
      response.record = try Self.bounded(DecisionJSON.value(explanation).encoded(indented: true))
      response.runID = run.bytes
      return response
    }
  }

  /// The first lines, as many as an answer may hold.
  static func bounded(_ lines: [String]) -> [String] {
    guard lines.count > linesLimit else { return lines }
    let rest = lines.count - linesLimit + 1
    return lines.prefix(linesLimit - 1) + ["and \(rest) lines more, which the record as JSON holds"]
  }

  /// The record, if an answer may hold it.
  ///
  /// - Throws: RESOURCE_EXHAUSTED that tells the size.
  static func bounded(_ record: String) throws(RPCError) -> String {
    guard record.utf8.count > recordBytesLimit else { return record }
    throw RPCError(
      .resourceExhausted, field: "record", reason: "too_long",
      "record: an answer may hold \(recordBytesLimit) bytes of it, and it has \(record.utf8.count)")
  }

  private static let linesLimit = 200
  private static let recordBytesLimit = 262_144

  /// The bucket of a date, or of an instant.
  private static func bucket(
    _ text: String, _ granularity: SeriesModel.Granularity
  ) throws(RPCError) -> Bucket {
    try WireLimits.text(text, bytes: 40, "moment")
    if let date = CivilDate(text) {
      switch granularity {
      case .day: return Bucket(.day, Int32(date.dayIndex))
      case .week: return Bucket(.week, Int32(date.weekIndex))
      case .hour, .fiveMinutes: break
      }
    } else if let instant = Timestamp.unixMicroseconds(text),
      let bucket = Bucket(granularity, holdingUnixSecond: instant / 1_000_000)
    {
      return bucket
    }
    let example =
      switch granularity {
      case .day, .week: "2026-12-24"
      case .hour, .fiveMinutes: "2026-12-24T13:05:00Z"
      }
    throw RPCError(
      .invalidArgument, field: "moment", reason: "not_a_moment",
      "moment: \"\(oneLine(text))\" is none; the metric is kept by the \(granularity.name), so it is"
        + " written like \(example)")
  }
}
