internal import Cryptography
internal import EvidenceContract
internal import JSON
internal import PointsContract
internal import Postgres
internal import RPC
internal import SeriesContract
internal import SeriesModel

/// What is to be scanned.
struct ScanWish: Sendable, Hashable {
  var customers: [String] = []
  var granularity: SeriesModel.Granularity?
  var notifyHistory = false
  var isDryRun = false
  var idempotencyKey = ""

  /// The most customers one scan may name.
  static let customersLimit = 1_000

  /// All but the key: the same key with another wish is a mistake.
  var hash: [UInt8] {
    let parts: [JSONValue] = [
      .array(customers.map(JSONValue.string)), .string(granularity?.name ?? ""),
      .bool(notifyHistory),
    ]
    return SHA256.hash(JSONValue.array(parts).encodedBytes())
  }
}

/// What a wish comes to.
enum ScanOutcome: Sendable {
  /// It runs, or it ran already.
  case started(WireUUID)
  /// What would run: granularities with their number of series.
  case wouldRun([(granularity: SeriesModel.Granularity, series: Int64)])
}

/// How far an operation is.
struct OperationProgress: Sendable, Hashable {
  let id: WireUUID
  var isDone = true
  var seriesDue: Int64 = 0
  var seriesScanned: Int64 = 0
  var seriesSkipped: Int64 = 0
  var seriesFailed: Int64 = 0
  var bucketsDue: Int64 = 0
  var bucketsScanned: Int64 = 0
  var findings: Int64 = 0

  /// From 0 to 1; 1 only when all is done.
  var share: Double {
    if isDone { return 1 }
    guard bucketsDue > 0 else { return 0 }
    return min(Double(bucketsScanned) / Double(bucketsDue), 0.999)
  }
}

extension GatewayCore {
  /// Starts a scan, or finds the one that its key started.
  func scan(_ wish: ScanWish, _ asker: Asker) async throws(GatewayError) -> ScanOutcome {
    try Self.check(wish)
    let id = Self.operationID(wish, asker.holder)
    if let known = try await storing({ try await store.operation(id) }) {
      return .started(try Self.checkSame(known, wish))
    }
    for (place, name) in wish.customers.enumerated() {
      _ = try await customer(name, pointer: "/customers/\(place)", asker)
    }
    let scannable = try await granularities(wish, asker)
    if wish.isDryRun { return .wouldRun(scannable) }
    var runs: [Operation.Run] = []
    for (granularity, _) in scannable {
      runs.append(try await start(granularity, wish, id, asker))
    }
    // Kept last: until then nobody knows the id, and a repeat finds the same runs by it.
    let operation = Operation(
      id: id, tokenID: asker.holder.id, requestHash: wish.hash, runs: runs)
    let event = AuditEvent(
      key: "scan/\(id.text)", holder: asker.holder, action: "scan.create",
      subject: "operation/\(id.text)",
      detail: JSONValue.object(["customers": .integer(Int64(wish.customers.count))]).encoded(),
      traceID: asker.trace.traceID, channel: asker.channel)
    try await storing { try await store.insert(operation, audit: event) }
    // Two requests under one key may have raced; what was kept is what counts.
    guard let kept = try await storing({ try await store.operation(id) }) else {
      throw GatewayError(.internal, "The operation was not kept.")
    }
    return .started(try Self.checkSame(kept, wish))
  }

  /// How far an operation of the asker is; another's looks absent.
  func progress(of id: WireUUID, _ asker: Asker) async throws(GatewayError) -> OperationProgress {
    let known = try await storing { try await store.operation(id) }
    guard let known, known.tokenID == asker.holder.id else {
      throw GatewayError(.notFound, "There is no operation \(id.text).")
    }
    var progress = OperationProgress(id: id)
    for run in known.runs {
      var request = GetScanRequest()
      request.runID = run.runID
      let answer = try await asking("baseline") { () async throws(RPCError) in
        try await baseline.getScan(request, options: asker.options)
      }
      let isDone = answer.state == .completed || answer.state == .completedWithFailures
      progress.isDone = progress.isDone && isDone
      progress.seriesDue += answer.seriesDue
      progress.seriesScanned += answer.seriesScanned
      progress.seriesSkipped += answer.seriesSkipped
      progress.seriesFailed += answer.seriesFailed
      progress.bucketsDue += answer.bucketsDue
      progress.bucketsScanned += answer.bucketsScanned
      progress.findings += answer.findings
    }
    return progress
  }

  private func start(
    _ granularity: SeriesModel.Granularity, _ wish: ScanWish, _ id: WireUUID, _ asker: Asker
  ) async throws(GatewayError) -> Operation.Run {
    var request = StartScanRequest()
    request.granularity = SeriesContract.Granularity(granularity)
    request.notifyHistory = wish.notifyHistory
    request.customers = wish.customers
    // One id a granularity, so that a repeat after a crash finds the same runs.
    request.operationID = WireUUID(hashing: "tidemark/scan/\(id.text)/\(granularity.name)").bytes
    let answer = try await asking("baseline") { () async throws(RPCError) in
      try await baseline.startScan(request, options: asker.options)
    }
    return Operation.Run(granularity: granularity.rawValue, runID: answer.runID)
  }

  /// The granularities with series and a closed bucket, or the one that is wished for.
  private func granularities(
    _ wish: ScanWish, _ asker: Asker
  ) async throws(GatewayError) -> [(granularity: SeriesModel.Granularity, series: Int64)] {
    var found: [(granularity: SeriesModel.Granularity, series: Int64)] = []
    for granularity in wish.granularity.map({ [$0] }) ?? SeriesModel.Granularity.allCases {
      var request = GetCompletenessRequest()
      request.granularity = SeriesContract.Granularity(granularity)
      let answer = try await asking("ingest") { () async throws(RPCError) in
        try await ingest.getCompleteness(request, options: asker.options)
      }
      // One that was asked for by name goes on, so that baseline can say what it lacks.
      let isReady = answer.series > 0 && answer.anyClosed
      if isReady || wish.granularity != nil { found.append((granularity, answer.series)) }
    }
    return found
  }

  private static func check(_ wish: ScanWish) throws(GatewayError) {
    guard wish.customers.count <= ScanWish.customersLimit else {
      throw GatewayError(
        field: "/customers", "too_many",
        "customers may name \(ScanWish.customersLimit) and names \(wish.customers.count)")
    }
    let key = wish.idempotencyKey
    guard key.utf8.count <= 255, key.utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) else {
      throw GatewayError(
        field: "idempotency_key", "bad_key",
        "the idempotency key must be at most 255 printable ASCII characters")
    }
  }

  private static func operationID(_ wish: ScanWish, _ holder: TokenHolder) -> WireUUID {
    if wish.idempotencyKey.isEmpty { return .random() }
    let holderID = WireUUID(high: holder.id.high, low: holder.id.low).text
    return WireUUID(hashing: "tidemark/operation/\(holderID)/\(wish.idempotencyKey)")
  }

  private static func checkSame(
    _ operation: Operation, _ wish: ScanWish
  ) throws(GatewayError) -> WireUUID {
    guard operation.requestHash == wish.hash else {
      throw GatewayError(
        .idempotencyKeyReuse, "The idempotency key was used for another request.",
        faults: [.init("idempotency_key", "reused", "use another key for another request")])
    }
    return operation.id
  }
}
