internal import EvidenceContract
internal import JSON
internal import Postgres
internal import RPC
internal import SeriesContract
internal import SeriesModel
internal import SeriesStore
internal import WorkQueue

/// Hands closed buckets and points on arrival to baseline, from the queue.
struct BaselineRelay: Sendable {
  static let closeKind = "close_bucket"
  static let observeKind = "observe"

  private let baseline: BaselineClient
  private let pool: PostgresPool

  init(baseline: BaselineClient, pool: PostgresPool) {
    self.baseline = baseline
    self.pool = pool
  }

  /// What the queue does with each kind of job.
  var handlers: [String: WorkQueueRunner.Handler] {
    [Self.closeKind: close, Self.observeKind: observe]
  }

  /// A job that tells of closed buckets; a later one takes the place of one that waits.
  static func close(_ bucket: Bucket, sequence: Int64) -> NewJob {
    let payload: JSONValue = .object([
      "granularity": .string(bucket.granularity.name),
      "through_bucket": .integer(Int64(bucket.index)), "ingest_sequence": .integer(sequence),
    ])
    return NewJob(
      kind: closeKind, key: bucket.granularity.name, payload: payload.encodedBytes(),
      priority: .high)
  }

  /// How long corrections are gathered before baseline hears of them, in microseconds.
  static let correctionMicroseconds: Int64 = 10_000_000

  /// A job that tells of corrections in closed buckets, some seconds after the first of them: they
  /// hardly ever come alone.
  static func correct(_ bucket: Bucket, sequence: Int64, nowUnixMicroseconds now: Int64) -> NewJob {
    var job = close(bucket, sequence: sequence)
    job.key += " corrected"
    job.notBeforeUnixMicroseconds = now + correctionMicroseconds
    return job
  }

  /// A job that tells of a point on arrival; a later one takes the place of one that waits.
  static func observe(_ arrival: PointPlan.Arrival, sequence: Int64) -> NewJob {
    let customer = arrival.series.customer.wireUUID.text
    let payload: JSONValue = .object([
      "customer": .string(customer),
      "metric_id": .integer(Int64(arrival.series.metric.number)),
      "bucket": .integer(Int64(arrival.bucket.index)), "value": .number(arrival.value),
      "ingest_sequence": .integer(sequence),
    ])
    return NewJob(
      kind: observeKind, key: "\(customer) \(arrival.series.metric.number)",
      payload: payload.encodedBytes())
  }

  private func close(_ job: ClaimedJob) async throws -> WorkOutcome {
    let payload = try JSONValue(parsing: job.payload)
    guard let word = payload["granularity"]?.stringValue,
      let granularity = SeriesModel.Granularity(name: word),
      let through = payload["through_bucket"]?.integerValue,
      let sequence = payload["ingest_sequence"]?.integerValue
    else { return .poison(reason: "a payload that cannot be read") }
    var request = CloseBucketRequest()
    request.granularity = SeriesContract.Granularity(granularity)
    request.throughBucket = Int32(clamping: through)
    request.ingestSequence = sequence
    return await Self.outcome { () async throws(RPCError) in
      _ = try await baseline.closeBucket(request)
    }
  }

  private func observe(_ job: ClaimedJob) async throws -> WorkOutcome {
    let payload = try JSONValue(parsing: job.payload)
    guard let customer = payload["customer"]?.stringValue,
      let metric = payload["metric_id"]?.integerValue,
      let bucket = payload["bucket"]?.integerValue, let value = payload["value"]?.doubleValue,
      let sequence = payload["ingest_sequence"]?.integerValue
    else { return .poison(reason: "a payload that cannot be read") }
    let rows = try await pool.query(
      "SELECT key FROM metric WHERE metric_id = $1", [.int32(Int32(clamping: metric))])
    guard let key = rows.first?.text(0) else { return .poison(reason: "no metric \(metric)") }
    var request = ObserveRequest()
    request.customer = customer
    request.metric = key
    request.bucket = Int32(clamping: bucket)
    request.value = value
    request.ingestSequence = sequence
    return await Self.outcome { () async throws(RPCError) in
      _ = try await baseline.observe(request)
    }
  }

  /// A backend that is away, full or slow is waited for; any other refusal counts.
  private static func outcome(
    _ call: () async throws(RPCError) -> Void
  ) async -> WorkOutcome {
    do throws(RPCError) {
      try await call()
      return .finished
    } catch {
      switch error.code {
      case .unavailable, .deadlineExceeded, .resourceExhausted, .cancelled:
        return .postponed(
          reason: error.description,
          afterSeconds: error.retryAfterMilliseconds > 0
            ? Double(error.retryAfterMilliseconds) / 1_000 : nil)
      default:
        return .failed(reason: error.description)
      }
    }
  }
}
