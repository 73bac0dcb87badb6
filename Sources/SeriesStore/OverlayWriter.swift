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
    let columns = columns()
    let changed = try connection.execute(
      """
      WITH changed AS (
        UPDATE series_chunk AS chunk
        SET slots = overlay(chunk.slots PLACING point.content
          FROM slot_place(chunk.lanes, point.lanes, point.slot, length(point.content)))
        FROM unnest($1::uuid[], $2::smallint[], $3::int[], $4::int[], $5::smallint[],
            $6::smallint[], $7::int[], $8::bytea[])
          AS point(customer_id, granularity, family, chunk_start, lanes, span, slot, content)
        WHERE chunk.customer_id = point.customer_id AND chunk.granularity = point.granularity
          AND chunk.family = point.family AND chunk.chunk_start = point.chunk_start
          AND chunk.lanes & point.span = point.lanes
          AND substring(chunk.slots
            FROM slot_place(chunk.lanes, point.lanes, point.slot, length(point.content))
            FOR length(point.content)) = substring($9::bytea FROM 1 FOR length(point.content))
        RETURNING length(point.content) AS bytes
      )
      SELECT coalesce(sum(bytes) / 8, 0)::bigint FROM changed
      """, columns + [.bytes(Self.missing)]
    ).single.int64(0)
    let wanted = stands.reduce(0) { $0 + $1.cells.count }
    if changed == Int64(wanted) { return (changed, []) }
    return (changed, try different(columns, on: connection))
  }

  /// The stands that are not stored as they are.
  private func different(
    _ columns: [PostgresValue], on connection: isolated PostgresConnection
  ) throws -> [PointPlan.Stand] {
    try connection.execute(
      """
      SELECT point.number
      FROM unnest($1::uuid[], $2::smallint[], $3::int[], $4::int[], $5::smallint[], $6::smallint[],
          $7::int[], $8::bytea[]) WITH ORDINALITY
        AS point(customer_id, granularity, family, chunk_start, lanes, span, slot, content, number)
      LEFT JOIN series_chunk AS chunk
        ON chunk.customer_id = point.customer_id AND chunk.granularity = point.granularity
        AND chunk.family = point.family AND chunk.chunk_start = point.chunk_start
        AND chunk.lanes & point.span = point.lanes
      WHERE substring(chunk.slots
        FROM slot_place(chunk.lanes, point.lanes, point.slot, length(point.content))
        FOR length(point.content)) IS DISTINCT FROM point.content
      ORDER BY point.number
      """, columns
    ).map { stands[$0.int(0) - 1] }
  }

  private func columns() -> [PostgresValue] {
    let groups = stands.map { plan.groups[$0.group] }
    return [
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
