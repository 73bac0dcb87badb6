internal import Postgres
internal import SeriesModel

/// Puts one slot into each of many chunks: the daily append.
///
/// The values of a customer's metrics that stand side by side in a chunk are laid over their slot at
/// once, where they are missing; the chunk stays on its page (HOT). Everything else is found
/// afterwards and left to ``ChunkMerger``.
struct OverlayWriter {
  private let plan: PointPlan
  private let stands: [PointPlan.Stand]

  init(_ plan: PointPlan, _ stands: [PointPlan.Stand]) {
    self.plan = plan
    self.stands = stands
  }

  /// Writes what can be laid over.
  ///
  /// - Returns: How many values are others now, and the stands that must be merged.
  func write(
    on connection: isolated PostgresConnection
  ) throws -> (changed: Int64, left: [PointPlan.Stand]) {
    if stands.isEmpty { return (0, []) }
    // The planner knows nothing of the batch and would read all chunks for a join.
    try connection.executeScript(
      "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
    let wanted = stands.reduce(0) { $0 + $1.cells.count }
    if stands.count >= SeriesWriter.stageFromStands {
      try fillStage(on: connection)
      let changed = try connection.execute(Self.appendFromStage, [.bytes(Self.missing)])
        .single.int64(0)
      if changed == Int64(wanted) { return (changed, []) }
      let left = try connection.execute(Self.differentFromStage)
      return (changed, left.map { stands[$0.int(0)] })
    }
    let columns = columns()
    let changed = try connection.execute(
      Self.appendFromArrays, columns + [.bytes(Self.missing)]
    ).single.int64(0)
    if changed == Int64(wanted) { return (changed, []) }
    let left = try connection.execute(Self.differentFromArrays, columns)
    return (changed, left.map { stands[$0.int(0)] })
  }

  private func fillStage(on connection: isolated PostgresConnection) throws {
    try connection.execute(
      """
      CREATE TEMP TABLE IF NOT EXISTS point_stage (
        number int, customer_id uuid, granularity smallint, family int, chunk_start int,
        lanes smallint, span smallint, slot int, content bytea
      ) ON COMMIT DELETE ROWS
      """)
    // Rows of a layer before this one.
    try connection.execute("TRUNCATE point_stage")
    try connection.copyIn("COPY point_stage FROM STDIN BINARY") { writer in
      for (number, stand) in stands.enumerated() {
        let group = plan.groups[stand.group]
        writer.beginRow(columns: 9)
        writer.int32(Int32(number))
        writer.uuid(high: group.customer.high, low: group.customer.low)
        writer.int16(Int16(group.granularity.rawValue))
        writer.int32(group.family.number)
        writer.int32(group.chunkStart)
        writer.int16(Int16(stand.lanes.bits))
        writer.int16(Int16(stand.lanes.span.bits))
        writer.int32(Int32(plan.cells[stand.cells.lowerBound].slot))
        writer.bytes(count: stand.cells.count * 8) { bytes in
          for (step, cell) in plan.cells[stand.cells].enumerated() {
            bytes.storeBytes(
              of: cell.value.bitPattern.littleEndian, toByteOffset: step * 8, as: UInt64.self)
          }
        }
      }
    }
  }

  private func columns() -> [PostgresValue] {
    let groups = stands.map { plan.groups[$0.group] }
    return [
      .int32Array(stands.indices.map { Int32($0) }),
      .uuidArray(groups.map { PostgresUUID(high: $0.customer.high, low: $0.customer.low) }),
      .int16Array(groups.map { Int16($0.granularity.rawValue) }),
      .int32Array(groups.map(\.family.number)), .int32Array(groups.map(\.chunkStart)),
      .int16Array(stands.map { Int16($0.lanes.bits) }),
      .int16Array(stands.map { Int16($0.lanes.span.bits) }),
      .int32Array(stands.map { Int32(plan.cells[$0.cells.lowerBound].slot) }),
      .bytesArray(stands.map { SlotCoding.bytes(plan.cells[$0.cells].lazy.map(\.value)) }),
    ]
  }

  private static let missing = SlotCoding.blank(count: MetricFamily.lanesLimit)
}

/// The same two statements over either source of points: a literal cannot be put together.
extension OverlayWriter {
  /// Lays values over slots that are empty, in chunks where their metrics stand side by side.
  fileprivate static let appendFromStage: PostgresStatement = """
    WITH changed AS (
      UPDATE series_chunk AS chunk
      SET slots = overlay(chunk.slots PLACING point.content
        FROM slot_place(chunk.lanes, point.lanes, point.slot, length(point.content)))
      FROM point_stage AS point
      WHERE chunk.customer_id = point.customer_id AND chunk.granularity = point.granularity
        AND chunk.family = point.family AND chunk.chunk_start = point.chunk_start
        AND chunk.lanes & point.span = point.lanes
        AND substring(chunk.slots
          FROM slot_place(chunk.lanes, point.lanes, point.slot, length(point.content))
          FOR length(point.content)) = substring($1::bytea FROM 1 FOR length(point.content))
      RETURNING length(point.content) AS bytes
    )
    SELECT coalesce(sum(bytes) / 8, 0)::bigint FROM changed
    """

  fileprivate static let appendFromArrays: PostgresStatement = """
    WITH changed AS (
      UPDATE series_chunk AS chunk
      SET slots = overlay(chunk.slots PLACING point.content
        FROM slot_place(chunk.lanes, point.lanes, point.slot, length(point.content)))
      FROM unnest($1::int[], $2::uuid[], $3::smallint[], $4::int[], $5::int[], $6::smallint[],
          $7::smallint[], $8::int[], $9::bytea[])
        AS point(number, customer_id, granularity, family, chunk_start, lanes, span, slot, content)
      WHERE chunk.customer_id = point.customer_id AND chunk.granularity = point.granularity
        AND chunk.family = point.family AND chunk.chunk_start = point.chunk_start
        AND chunk.lanes & point.span = point.lanes
        AND substring(chunk.slots
          FROM slot_place(chunk.lanes, point.lanes, point.slot, length(point.content))
          FOR length(point.content)) = substring($10::bytea FROM 1 FOR length(point.content))
      RETURNING length(point.content) AS bytes
    )
    SELECT coalesce(sum(bytes) / 8, 0)::bigint FROM changed
    """

  /// The points that are not stored as they are.
  fileprivate static let differentFromStage: PostgresStatement = """
    SELECT point.number
    FROM point_stage AS point
    LEFT JOIN series_chunk AS chunk
      ON chunk.customer_id = point.customer_id AND chunk.granularity = point.granularity
      AND chunk.family = point.family AND chunk.chunk_start = point.chunk_start
      AND chunk.lanes & point.span = point.lanes
    WHERE substring(chunk.slots
      FROM slot_place(chunk.lanes, point.lanes, point.slot, length(point.content))
      FOR length(point.content)) IS DISTINCT FROM point.content
    ORDER BY point.number
    """

  fileprivate static let differentFromArrays: PostgresStatement = """
    SELECT point.number
    FROM unnest($1::int[], $2::uuid[], $3::smallint[], $4::int[], $5::int[], $6::smallint[],
        $7::smallint[], $8::int[], $9::bytea[])
      AS point(number, customer_id, granularity, family, chunk_start, lanes, span, slot, content)
    LEFT JOIN series_chunk AS chunk
      ON chunk.customer_id = point.customer_id AND chunk.granularity = point.granularity
      AND chunk.family = point.family AND chunk.chunk_start = point.chunk_start
      AND chunk.lanes & point.span = point.lanes
    WHERE substring(chunk.slots
      FROM slot_place(chunk.lanes, point.lanes, point.slot, length(point.content))
      FOR length(point.content)) IS DISTINCT FROM point.content
    ORDER BY point.number
    """
}
