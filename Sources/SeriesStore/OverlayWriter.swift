internal import Postgres
internal import SeriesModel

/// Puts one value into each of many chunks: the daily append.
///
/// Chunks that exist are updated by `overlay`, which stays on their page (HOT); the rest is
/// inserted. Values that are there already are left alone.
enum OverlayWriter {
  /// - Returns: How many values are others now.
  static func write(
    _ plan: PointPlan, on connection: isolated PostgresConnection
  ) throws -> Int64 {
    if plan.groups.isEmpty { return 0 }
    // The planner knows nothing of a fresh temporary table and would read all chunks for a join.
    try connection.executeScript(
      "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
    if plan.groups.count >= SeriesWriter.stageFromChunks {
      return try writeByStage(plan, on: connection)
    }
    return try writeByArrays(plan, on: connection)
  }

  private static func writeByStage(
    _ plan: PointPlan, on connection: isolated PostgresConnection
  ) throws -> Int64 {
    try connection.execute(
      """
      CREATE TEMP TABLE IF NOT EXISTS point_stage (
        customer_id uuid, metric_id int, chunk_start int, slot int, slot_count int,
        value bytea
      ) ON COMMIT DELETE ROWS
      """)
    try connection.copyIn("COPY point_stage FROM STDIN BINARY") { writer in
      for group in plan.groups {
        let cell = plan.cells[group.firstCell]
        writer.beginRow(columns: 6)
        writer.uuid(high: group.customer.high, low: group.customer.low)
        writer.int32(group.metric)
        writer.int32(group.chunkStart)
        writer.int32(Int32(cell.slot))
        writer.int32(Int32(group.slotCount))
        let pattern = cell.value.bitPattern.littleEndian
        withUnsafeBytes(of: pattern) { writer.bytes($0) }
      }
    }
    let updated = try connection.execute(updateFromStage).affected
    if updated == plan.groups.count { return Int64(updated) }
    let inserted = try connection.execute(
      """
      INSERT INTO series_chunk AS chunk (customer_id, metric_id, chunk_start, slots)
      SELECT customer_id, metric_id, chunk_start, overlay(
        CASE slot_count WHEN 31 THEN $1::bytea WHEN 53 THEN $2 WHEN 168 THEN $3 ELSE $4 END
        PLACING value FROM slot * 8 + 1)
      FROM point_stage AS point
      WHERE NOT EXISTS (
        SELECT FROM series_chunk AS known
        WHERE known.customer_id = point.customer_id AND known.metric_id = point.metric_id
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

  private static let updateFromStage: PostgresStatement = """
    UPDATE series_chunk AS chunk
    SET slots = overlay(chunk.slots PLACING point.value FROM point.slot * 8 + 1)
    FROM point_stage AS point
    WHERE chunk.customer_id = point.customer_id AND chunk.metric_id = point.metric_id
      AND chunk.chunk_start = point.chunk_start
      AND substring(chunk.slots FROM point.slot * 8 + 1 FOR 8) <> point.value
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
