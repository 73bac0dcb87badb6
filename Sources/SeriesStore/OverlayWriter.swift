internal import Postgres
internal import SeriesModel

/// Puts one value into each of many chunks: the daily append.
///
/// Chunks that exist are updated by `overlay`, which stays on their page (HOT); the rest is
/// inserted. Values that are there already are left alone.
enum OverlayWriter {
  /// - Returns: How many values are others now.
  static func write(
    _ plan: PointPlan, isFirstLayer: Bool, on connection: isolated PostgresConnection
  ) throws -> Int64 {
    if plan.groups.isEmpty { return 0 }
    // The planner knows nothing of a fresh temporary table and would read all chunks for a join.
    try connection.executeScript(
      "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
    if plan.groups.count >= SeriesWriter.stageFromChunks {
      return try writeByStage(plan, isFirstLayer: isFirstLayer, on: connection)
    }
    return try writeByArrays(plan, on: connection)
  }

  private static func writeByStage(
    _ plan: PointPlan, isFirstLayer: Bool, on connection: isolated PostgresConnection
  ) throws -> Int64 {
    try connection.execute(
      """
      CREATE TEMP TABLE IF NOT EXISTS point_stage (
        customer_id uuid, chunk_start int, slot int, slot_count int, first_metric int,
        last_metric int, metrics int[], points bytea
      ) ON COMMIT DELETE ROWS
      """)
    if !isFirstLayer { try connection.execute("TRUNCATE point_stage") }
    try connection.copyIn("COPY point_stage FROM STDIN BINARY") { writer in
      for stand in Stands(plan) {
        let first = plan.groups[stand.lowerBound]
        writer.beginRow(columns: 8)
        writer.uuid(high: first.customer.high, low: first.customer.low)
        writer.int32(first.chunkStart)
        writer.int32(Int32(plan.cells[first.firstCell].slot))
        writer.int32(Int32(first.slotCount))
        writer.int32(first.metric)
        writer.int32(plan.groups[stand.upperBound - 1].metric)
        writer.int32Array(count: stand.count) { plan.groups[stand.lowerBound + $0].metric }
        writer.bytes(count: stand.count * 8) { bytes in
          for (step, group) in plan.groups[stand].enumerated() {
            bytes.storeBytes(
              of: plan.cells[group.firstCell].value.bitPattern.littleEndian,
              toByteOffset: step * 8, as: UInt64.self)
          }
        }
      }
    }
    let updated = try connection.execute(updateFromStage).affected
    if updated == plan.groups.count { return Int64(updated) }
    let inserted = try connection.execute(
      """
      INSERT INTO series_chunk AS chunk (customer_id, metric_id, chunk_start, slots)
      SELECT customer_id, metric_id, chunk_start, overlay(
        CASE slot_count WHEN 31 THEN $1::bytea WHEN 53 THEN $2 WHEN 168 THEN $3 ELSE $4 END
        PLACING substring(points FROM place::int * 8 - 7 FOR 8) FROM slot * 8 + 1)
      FROM point_stage AS point
      CROSS JOIN LATERAL unnest(metrics) WITH ORDINALITY AS metric(metric_id, place)
      WHERE NOT EXISTS (
        SELECT FROM series_chunk AS known
        WHERE known.customer_id = point.customer_id AND known.metric_id = metric.metric_id
          AND known.chunk_start = point.chunk_start)
      ORDER BY customer_id, metric_id, chunk_start
      ON CONFLICT (customer_id, metric_id, chunk_start) DO NOTHING
      """, blanks
    ).affected
    if updated + inserted == plan.groups.count { return Int64(updated + inserted) }
    // The rest had its value, or another transaction inserted its chunk just now.
    return Int64(updated + inserted + (try connection.execute(updateFromStage).affected))
  }

  private static func writeByArrays(
    _ plan: PointPlan, on connection: isolated PostgresConnection
  ) throws -> Int64 {
    let cells = plan.groups.map { plan.cells[$0.firstCell] }
    let values = cells.map { cell in
      withUnsafeBytes(of: cell.value.bitPattern.littleEndian) { Array($0) }
    }
    let keys: [PostgresValue] = [
      .uuidArray(plan.groups.map { PostgresUUID(high: $0.customer.high, low: $0.customer.low) }),
      .int32Array(plan.groups.map(\.metric)), .int32Array(plan.groups.map(\.chunkStart)),
      .int32Array(cells.map { Int32($0.slot) }), .bytesArray(values),
    ]
    let updated = try connection.execute(updateFromArrays, keys).affected
    if updated == plan.groups.count { return Int64(updated) }
    let inserted = try connection.execute(
      """
      INSERT INTO series_chunk AS chunk (customer_id, metric_id, chunk_start, slots)
      SELECT customer_id, metric_id, chunk_start, overlay(
        CASE slot_count WHEN 31 THEN $7::bytea WHEN 53 THEN $8 WHEN 168 THEN $9 ELSE $10 END
        PLACING value FROM slot * 8 + 1)
      FROM unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::bytea[], $6::int[])
        AS point(customer_id, metric_id, chunk_start, slot, value, slot_count)
      WHERE NOT EXISTS (
        SELECT FROM series_chunk AS known
        WHERE known.customer_id = point.customer_id AND known.metric_id = point.metric_id
          AND known.chunk_start = point.chunk_start)
      ORDER BY customer_id, metric_id, chunk_start
      ON CONFLICT (customer_id, metric_id, chunk_start) DO NOTHING
      """, keys + [.int32Array(plan.groups.map { Int32($0.slotCount) })] + blanks
    ).affected
    if updated + inserted == plan.groups.count { return Int64(updated + inserted) }
    return Int64(updated + inserted + (try connection.execute(updateFromArrays, keys).affected))
  }

  /// One look into the index finds all metrics of a customer that stand together.
  private static let updateFromStage: PostgresStatement = """
    UPDATE series_chunk AS chunk
    SET slots = overlay(chunk.slots
      PLACING substring(point.points FROM array_position(point.metrics, chunk.metric_id) * 8 - 7
        FOR 8)
      FROM point.slot * 8 + 1)
    FROM point_stage AS point
    WHERE chunk.customer_id = point.customer_id AND chunk.chunk_start = point.chunk_start
      AND chunk.metric_id >= point.first_metric AND chunk.metric_id <= point.last_metric
      AND chunk.metric_id = ANY (point.metrics)
      AND substring(chunk.slots FROM point.slot * 8 + 1 FOR 8)
        <> substring(point.points FROM array_position(point.metrics, chunk.metric_id) * 8 - 7
          FOR 8)
    """

  private static let updateFromArrays: PostgresStatement = """
    UPDATE series_chunk AS chunk
    SET slots = overlay(chunk.slots PLACING point.value FROM point.slot * 8 + 1)
    FROM unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::bytea[])
      AS point(customer_id, metric_id, chunk_start, slot, value)
    WHERE chunk.customer_id = point.customer_id AND chunk.metric_id = point.metric_id
      AND chunk.chunk_start = point.chunk_start
      AND substring(chunk.slots FROM point.slot * 8 + 1 FOR 8) <> point.value
    """

  private static let blanks: [PostgresValue] = [
    .bytes(SlotCoding.blank(.day)), .bytes(SlotCoding.blank(.week)),
    .bytes(SlotCoding.blank(.hour)), .bytes(SlotCoding.blank(.fiveMinutes)),
  ]
}

/// Runs of groups that differ in their metric only: one customer, one chunk, one slot.
private struct Stands: Sequence, IteratorProtocol {
  /// The most metrics of a run; the database searches it from end to end.
  private static let metricsLimit = 64

  private let plan: PointPlan
  private var place = 0

  init(_ plan: PointPlan) { self.plan = plan }

  mutating func next() -> Range<Int>? {
    guard place < plan.groups.count else { return nil }
    let start = place
    let first = plan.groups[start]
    let slot = plan.cells[first.firstCell].slot
    place += 1
    while place < plan.groups.count, place - start < Self.metricsLimit {
      let group = plan.groups[place]
      guard group.customer == first.customer, group.chunkStart == first.chunkStart,
        group.slotCount == first.slotCount, plan.cells[group.firstCell].slot == slot
      else { break }
      place += 1
    }
    return start..<place
  }
}
