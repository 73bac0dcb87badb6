internal import Postgres
internal import SeriesModel

/// Merges values into chunks in memory: several slots a chunk, increments, closed buckets.
///
/// Chunks are locked in the order of their key, read, changed and written back whole. What another
/// transaction inserts meanwhile is found by the insert itself and merged in a second round.
struct ChunkMerger {
  private let plan: PointPlan
  private let closed: [Granularity: Int32]
  private var outcome = WriteOutcome()
  private var corrections: [Correction] = []

  private struct Correction {
    let customer: CustomerID
    let metric: Int32
    let bucket: Int32
    let old: Double
    let new: Double
  }

  /// A chunk as it will be, with where it stands in the plan.
  private struct Merged {
    let group: Int
    let chunk: Chunk
    let changed: Int64
    let corrections: [Correction]
  }

  /// A chunk's content.
  private struct Chunk {
    var lanes: LaneSet
    var slots: [UInt8]
  }

  init(_ plan: PointPlan, closed: [Granularity: Int32]) {
    self.plan = plan
    self.closed = closed
  }

  mutating func write(on connection: isolated PostgresConnection) throws -> WriteOutcome {
    var start = 0
    while start < plan.groups.count {
      let end = min(start + SeriesWriter.mergeChunksLimit, plan.groups.count)
      var left = Array(start..<end)
      // The second round finds what the first could not insert; chunks are never deleted.
      while !left.isEmpty { left = try round(left, on: connection) }
      start = end
    }
    try writeCorrections(on: connection)
    return outcome
  }

  /// Writes chunks and returns those that appeared while they were inserted.
  private mutating func round(
    _ groups: [Int], on connection: isolated PostgresConnection
  ) throws -> [Int] {
    let known = try lock(groups, on: connection)
    var updates: [Merged] = []
    var inserts: [Merged] = []
    for (place, group) in groups.enumerated() {
      if let chunk = known[place] {
        let merged = try merge(group, into: chunk)
        if merged.changed > 0 { updates.append(merged) }
      } else {
        inserts.append(try merge(group, into: Chunk(lanes: LaneSet(), slots: [])))
      }
    }
    try update(updates, on: connection)
    for merged in updates { count(merged) }
    let inserted = try insert(inserts, on: connection)
    var missed: [Int] = []
    for (place, merged) in inserts.enumerated() {
      if inserted.contains(place) { count(merged) } else { missed.append(merged.group) }
    }
    return missed
  }

  private mutating func count(_ merged: Merged) {
    outcome.changed += merged.changed
    outcome.corrections += Int64(merged.corrections.count)
    corrections += merged.corrections
  }

  private func merge(
    _ index: Int, into stored: Chunk
  ) throws(SeriesStoreError) -> Merged {
    let group = plan.groups[index]
    guard stored.slots.count == stored.lanes.count * group.granularity.slotsPerChunk * 8 else {
      throw SeriesStoreError(.malformedChunk)
    }
    var lanes = stored.lanes
    for cell in plan.cells[group.firstCell..<group.endCell] { lanes.insert(Int(cell.lane)) }
    var slots = SlotCoding.widen(stored.slots, group.granularity, from: stored.lanes, to: lanes)
    let width = lanes.count
    let through = closed[group.granularity]
    var changed: Int64 = 0
    var found: [Correction] = []
    for cell in plan.cells[group.firstCell..<group.endCell] {
      let place = Int(cell.slot) * width + lanes.place(Int(cell.lane))
      let old = slots.withUnsafeBytes { SlotCoding.value($0, place) }
      let new = try value(cell, over: old)
      if new.bitPattern == old.bitPattern { continue }
      changed += 1
      let bucket = group.chunkStart + Int32(cell.slot)
      if let through, bucket <= through {
        found.append(
          Correction(
            customer: group.customer, metric: group.family.metric(lane: Int(cell.lane)),
            bucket: bucket, old: old, new: new))
      }
      SlotCoding.put(new, into: &slots, at: place)
    }
    return Merged(
      group: index, chunk: Chunk(lanes: lanes, slots: slots), changed: changed,
      corrections: found)
  }

  /// What a bucket holds once a cell has met its old value, which is NaN when missing.
  private func value(
    _ cell: PointPlan.Cell, over old: Double
  ) throws(SeriesStoreError) -> Double {
    guard plan.mode == .increment else { return cell.value }
    let power = decimalPower(Int(cell.decimalPlaces))
    let sum = (old.isNaN ? 0 : (old * power).rounded()) + cell.value
    if !(sum.magnitude <= PointPlan.scaledLimit) {
      throw SeriesStoreError(.sumOutOfRange, row: cell.row)
    }
    return sum / power
  }
}

extension ChunkMerger {
  private func keys(_ groups: [Int]) -> [PostgresValue] {
    let chosen = groups.map { plan.groups[$0] }
    return [
      .uuidArray(chosen.map { PostgresUUID(high: $0.customer.high, low: $0.customer.low) }),
      .int16Array(chosen.map { Int16($0.granularity.rawValue) }),
      .int32Array(chosen.map(\.family.number)), .int32Array(chosen.map(\.chunkStart)),
    ]
  }

  private func columns(_ merged: [Merged]) -> [PostgresValue] {
    keys(merged.map(\.group)) + [
      .int16Array(merged.map { Int16($0.chunk.lanes.bits) }),
      .bytesArray(merged.map(\.chunk.slots)),
    ]
  }

  /// The chunks that exist, by their place in `groups`, locked in the order of the key.
  private func lock(
    _ groups: [Int], on connection: isolated PostgresConnection
  ) throws -> [Int: Chunk] {
    try connection.executeScript(
      "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
    let rows = try connection.execute(
      """
      SELECT wanted.place, chunk.lanes, chunk.slots
      FROM unnest($1::uuid[], $2::smallint[], $3::int[], $4::int[])
        WITH ORDINALITY AS wanted(customer_id, granularity, family, chunk_start, place)
      JOIN series_chunk AS chunk USING (customer_id, granularity, family, chunk_start)
      ORDER BY wanted.place
      FOR UPDATE OF chunk
      """, keys(groups))
    var known: [Int: Chunk] = [:]
    known.reserveCapacity(rows.count)
    for row in rows {
      known[row.int(0) - 1] = Chunk(
        lanes: LaneSet(bits: UInt8(truncatingIfNeeded: row.int(1))), slots: row.bytes(2))
    }
    return known
  }

  private func update(_ merged: [Merged], on connection: isolated PostgresConnection) throws {
    if merged.isEmpty { return }
    try connection.execute(
      """
      UPDATE series_chunk AS chunk SET lanes = merged.lanes, slots = merged.slots
      FROM unnest($1::uuid[], $2::smallint[], $3::int[], $4::int[], $5::smallint[], $6::bytea[])
        AS merged(customer_id, granularity, family, chunk_start, lanes, slots)
      WHERE chunk.customer_id = merged.customer_id AND chunk.granularity = merged.granularity
        AND chunk.family = merged.family AND chunk.chunk_start = merged.chunk_start
      """, columns(merged))
  }

  /// Inserts what is not there and returns which of the chunks it was, by their place.
  private func insert(
    _ merged: [Merged], on connection: isolated PostgresConnection
  ) throws -> Set<Int> {
    if merged.isEmpty { return [] }
    let rows = try connection.execute(
      """
      INSERT INTO series_chunk (customer_id, granularity, family, chunk_start, lanes, slots)
      SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::int[], $4::int[], $5::smallint[],
        $6::bytea[])
      ON CONFLICT (customer_id, granularity, family, chunk_start) DO NOTHING
      RETURNING customer_id, granularity, family, chunk_start
      """, columns(merged))
    if rows.count == merged.count { return Set(merged.indices) }
    var places: [ChunkKey: Int] = [:]
    for (place, chunk) in merged.enumerated() {
      let group = plan.groups[chunk.group]
      let customer = PostgresUUID(high: group.customer.high, low: group.customer.low)
      places[
        ChunkKey(
          customer: customer, granularity: Int32(group.granularity.rawValue),
          family: group.family.number, start: group.chunkStart)] = place
    }
    return Set(
      rows.compactMap { row in
        places[
          ChunkKey(
            customer: row.uuid(0), granularity: row.int32(1), family: row.int32(2),
            start: row.int32(3))]
      })
  }

  private struct ChunkKey: Hashable {
    let customer: PostgresUUID
    let granularity: Int32
    let family: Int32
    let start: Int32
  }

  private mutating func writeCorrections(on connection: isolated PostgresConnection) throws {
    if corrections.isEmpty { return }
    let sequence = try SeriesWriter.nextSequence(on: connection)
    outcome.sequence = sequence
    try connection.copyIn(
      """
      COPY correction (customer_id, metric_id, bucket, sequence, old_value, new_value)
      FROM STDIN BINARY
      """
    ) { writer in
      for correction in corrections {
        writer.beginRow(columns: 6)
        writer.uuid(high: correction.customer.high, low: correction.customer.low)
        writer.int32(correction.metric)
        writer.int32(correction.bucket)
        writer.int64(sequence)
        if correction.old.isNaN { writer.null() } else { writer.double(correction.old) }
        writer.double(correction.new)
      }
    }
  }
}
