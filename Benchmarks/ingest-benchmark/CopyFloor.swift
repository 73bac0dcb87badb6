import CBenchmarkFloors
import IngestService
import SeriesModel

/// Raw `COPY BINARY` from C of the same rows into a plain table with a primary key.
struct CopyFloor {
  struct Failure: Error, CustomStringConvertible { let description: String }

  let url: String
  let connections: Int

  private static let table = """
    DROP TABLE IF EXISTS floor_point;
    CREATE TABLE floor_point (
      customer_id uuid NOT NULL, metric_id int NOT NULL, bucket int NOT NULL,
      value float8 NOT NULL, PRIMARY KEY (customer_id, metric_id, bucket));
    """

  /// Rows a second, from the first byte to the last commit.
  func run(_ work: Workload, batchRows: Int) async throws -> Double {
    try execute(Self.table)
    try await store(work, 0..<work.rowsBefore, batchRows)
    try execute("CHECKPOINT")
    let clock = ContinuousClock()
    let begun = clock.now
    try await store(work, work.rowsBefore..<work.value.count, batchRows)
    let elapsed = begun.duration(to: clock.now)
    try execute("DROP TABLE floor_point")
    return Double(work.rowsMeasured) / elapsed.inSeconds
  }

  private func execute(_ sql: String) throws {
    guard let floor = tidemark_floor_connect(url) else { throw Failure(description: "connect") }
    defer { tidemark_floor_close(floor) }
    if tidemark_floor_execute(floor, sql) != 0 {
      throw Failure(description: String(cString: tidemark_floor_message(floor)))
    }
  }

  private func store(_ work: Workload, _ rows: Range<Int>, _ batchRows: Int) async throws {
    let ids = work.customers.flatMap { customer -> [UInt8] in
      let id = CustomerIdentity.id(externalID: customer)
      return withUnsafeBytes(of: id.high.bigEndian) { Array($0) }
        + withUnsafeBytes(of: id.low.bigEndian) { Array($0) }
    }
    let metrics = work.metricIndex.map { Int32($0) + 1 }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for mine in work.lanes(rows, count: connections, batchRows: batchRows) {
        group.addTask { try Self.copy(work, ids: ids, metrics: metrics, mine, url: url) }
      }
      try await group.waitForAll()
    }
  }

  private static func copy(
    _ work: Workload, ids: [UInt8], metrics: [Int32], _ batches: [Range<Int>], url: String
  ) throws {
    guard let floor = tidemark_floor_connect(url) else { throw Failure(description: "connect") }
    defer { tidemark_floor_close(floor) }
    try ids.withUnsafeBufferPointer { ids in
      try metrics.withUnsafeBufferPointer { metrics in
        try work.customerIndex.withUnsafeBufferPointer { customers in
          try work.bucket.withUnsafeBufferPointer { buckets in
            try work.value.withUnsafeBufferPointer { values in
              var points = TidemarkFloorPoints(
                customers: ids.baseAddress, customer_index: customers.baseAddress,
                metric: metrics.baseAddress, bucket: buckets.baseAddress,
                value: values.baseAddress)
              for batch in batches
              where tidemark_floor_copy(floor, &points, batch.lowerBound, batch.upperBound) != 0 {
                throw Failure(description: String(cString: tidemark_floor_message(floor)))
              }
            }
          }
        }
      }
    }
  }
}

extension Duration {
  var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}
