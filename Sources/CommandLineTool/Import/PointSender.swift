import PointsContract
import RPC

/// Sends points to ingest in batches of columns and keeps account of what became of them.
struct PointSender {
  /// Rows of one batch: about a megabyte.
  static let batchRows = 50_000

  /// Reasons of refused rows that are named; rows of further ones are only counted.
  static let faultsNamed = 100

  /// What a restart or an overload of ingest answers, and waiting cures.
  private static let passingCodes: Set<StatusCode> = [
    .unavailable, .deadlineExceeded, .resourceExhausted, .aborted,
  ]

  /// What became of the rows.
  struct Account: Equatable {
    var rows: Int64 = 0
    var accepted: Int64 = 0
    var changed: Int64 = 0
    var corrections: Int64 = 0
    var repeatedBatches: Int64 = 0
    var refused: Int64 = 0
    var faults: [Fault] = []
  }

  /// Rows that were refused for the same reason.
  struct Fault: Equatable {
    /// The line of the first of them.
    let line: Int
    let reason: String
    /// How many there are.
    var count: Int64 = 1
  }

  private(set) var account = Account()

  private let ingest: IngestClient
  private let source: String
  private let mode: PutMode
  private let patience: Duration
  private var sequence: UInt64 = 0
  private var batch = PointBatch()
  private var lines: [Int] = []
  /// Where each reason stands in the account.
  private var reasons: [String: Int] = [:]
  private var customers: [String: UInt32] = [:]
  private var metrics: [String: UInt32] = [:]

  /// Sends as one source; increments are counted once for each (source, batch).
  ///
  /// A batch that does not get through is sent again as long as `patience` lasts: it is counted
  /// once however often it arrives.
  init(_ caller: any RPCCaller, source: String, mode: PutMode = .set, patience: Duration) {
    ingest = IngestClient(caller)
    self.source = source
    self.mode = mode
    self.patience = patience
  }

  /// Adds a row of the file; sends when a batch is full.
  mutating func add(_ row: PointFile.Row) async throws {
    account.rows += 1
    switch row {
    case .fault(let line, let reason): refuse(line, reason)
    case .point(let point):
      // A batch has either buckets or instants.
      if case .bucket = point.moment, !batch.timeUnixUs.isEmpty { try await flush() }
      if case .instant = point.moment, !batch.bucket.isEmpty { try await flush() }
      switch point.moment {
      case .bucket(let bucket): batch.bucket.append(bucket)
      case .instant(let instant): batch.timeUnixUs.append(instant)
      }
      batch.customerIndex.append(place(point.customer, &customers, &batch.customers))
      batch.metricIndex.append(place(point.metric, &metrics, &batch.metrics))
      batch.value.append(point.value)
      lines.append(point.line)
      if lines.count == Self.batchRows { try await flush() }
    }
  }

  /// Sends what has been gathered.
  mutating func flush() async throws {
    guard !lines.isEmpty else { return }
    sequence += 1
    var request = PutPointsRequest()
    request.source = source
    request.sequence = sequence
    request.mode = mode
    request.faultPolicy = .skipRows
    request.points = batch
    let answer = try await deliver(request)
    account.accepted += answer.accepted
    account.changed += answer.changed
    account.corrections += answer.corrections
    if answer.repeatedBatch { account.repeatedBatches += 1 }
    for fault in answer.faults {
      let line = Int(fault.row) < lines.count ? lines[Int(fault.row)] : 0
      refuse(line, "\(fault.code): \(fault.detail)")
    }
    account.refused += max(0, answer.refused - Int64(answer.faults.count))
    batch = PointBatch()
    lines.removeAll(keepingCapacity: true)
    customers.removeAll(keepingCapacity: true)
    metrics.removeAll(keepingCapacity: true)
  }

  private func deliver(_ request: PutPointsRequest) async throws -> PutPointsResponse {
    let clock = ContinuousClock()
    let end = clock.now + patience
    while true {
      do throws(RPCError) {
        return try await ingest.putPoints(
          request, options: CallOptions(timeoutMilliseconds: 60_000))
      } catch {
        guard Self.passingCodes.contains(error.code), clock.now < end else { throw error }
      }
      try await clock.sleep(for: .milliseconds(250))
    }
  }

  private mutating func refuse(_ line: Int, _ reason: String) {
    account.refused += 1
    if let place = reasons[reason] {
      account.faults[place].count += 1
    } else if account.faults.count < Self.faultsNamed {
      reasons[reason] = account.faults.count
      account.faults.append(Fault(line: line, reason: reason))
    }
  }

  private func place(
    _ name: String, _ places: inout [String: UInt32], _ names: inout [String]
  ) -> UInt32 {
    if let place = places[name] { return place }
    let place = UInt32(names.count)
    places[name] = place
    names.append(name)
    return place
  }
}
