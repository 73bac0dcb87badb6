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
    let slots: [UInt8]
    let changed: Int64
    let corrections: [Correction]
  }

  init(plan: PointPlan, closed: [Granularity: Int32]) {
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
      if let slots = known[place] {
        let merged = try merge(group, into: slots)
        if merged.changed > 0 { updates.append(merged) }
      } else {
        inserts.append(
          try merge(group, into: SlotCoding.blank(plan.groups[group].granularity)))
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

  private func merge(_ index: Int, into slots: [UInt8]) throws(SeriesStoreError) -> Merged {
    let group = plan.groups[index]
    guard slots.count == Int(group.slotCount) * 8 else { throw SeriesStoreError(.malformedChunk) }
    var slots = slots
    var changed: Int64 = 0
    var found: [Correction] = []
    let power = decimalPower(Int(group.decimalPlaces))
    for cell in plan.cells[group.firstCell..<group.endCell] {
      let slot = Int(cell.slot)
      let old = slots.withUnsafeBytes { SlotCoding.value($0, slot) }
      var new = cell.value
      if plan.mode == .increment {
        let sum = (old.isNaN ? 0 : (old * power).rounded()) + cell.value
        if !(sum.magnitude <= PointPlan.scaledLimit) {
          throw SeriesStoreError(.sumOutOfRange, row: cell.row)
        }
        new = sum / power
      }
      if new.bitPattern == old.bitPattern { continue }
      changed += 1
      let bucket = group.chunkStart + Int32(slot)
      if let through = closed[group.granularity], bucket <= through {
        found.append(
          Correction(
            customer: group.customer, metric: group.metric, bucket: bucket, old: old, new: new))
      }
      SlotCoding.put(new, into: &slots, at: slot)
    }
    return Merged(group: index, slots: slots, changed: changed, corrections: found)
  }
}

extension ChunkMerger {
  private func keys(_ groups: [Int]) -> [PostgresValue] {
    let chosen = groups.map { plan.groups[$0] }
    return [
      .uuidArray(chosen.map { PostgresUUID(high: $0.customer.high, low: $0.customer.low) }),
      .int32Array(chosen.map(\.metric)), .int32Array(chosen.map(\.chunkStart)),
    ]
  }

  /// The chunks that exist, by their place in `groups`, locked in the order of the key.
  private func lock(
    _ groups: [Int], on connection: isolated PostgresConnection
  ) throws -> [Int: [UInt8]] {
    try connection.executeScript(
      "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
    let rows = try connection.execute(
      """
      SELECT wanted.place, chunk.slots
      FROM unnest($1::uuid[], $2::int[], $3::int[])
        WITH ORDINALITY AS wanted(customer_id, metric_id, chunk_start, place)
      JOIN series_chunk AS chunk USING (customer_id, metric_id, chunk_start)
      ORDER BY wanted.place
      FOR UPDATE OF chunk
      """, keys(groups))
    var known: [Int: [UInt8]] = [:]
    known.reserveCapacity(rows.count)
    for row in rows { known[row.int(0) - 1] = row.bytes(1) }
    return known
  }

  private func update(_ merged: [Merged], on connection: isolated PostgresConnection) throws {
    if merged.isEmpty { return }
    try connection.execute(
      """
      UPDATE series_chunk AS chunk SET slots = merged.slots
      FROM unnest($1::uuid[], $2::int[], $3::int[], $4::bytea[])
        AS merged(customer_id, metric_id, chunk_start, slots)
      WHERE chunk.customer_id = merged.customer_id AND chunk.metric_id = merged.metric_id
        AND chunk.chunk_start = merged.chunk_start
      """, keys(merged.map(\.group)) + [.bytesArray(merged.map(\.slots))])
  }

  /// Inserts what is not there and returns which of the chunks it was, by their place.
  private func insert(
    _ merged: [Merged], on connection: isolated PostgresConnection
  ) throws -> Set<Int> {
    if merged.isEmpty { return [] }
    let parameters = keys(merged.map(\.group)) + [.bytesArray(merged.map(\.slots))]
    let rows = try connection.execute(
      """
      INSERT INTO series_chunk (customer_id, metric_id, chunk_start, slots)
      SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::bytea[])
      ON CONFLICT (customer_id, metric_id, chunk_start) DO NOTHING
      RETURNING customer_id, metric_id, chunk_start
      """, parameters)
    if rows.count == merged.count { return Set(merged.indices) }
    var places: [ChunkKey: Int] = [:]
    for (place, chunk) in merged.enumerated() {
      let group = plan.groups[chunk.group]
      let customer = PostgresUUID(high: group.customer.high, low: group.customer.low)
      places[ChunkKey(customer: customer, metric: group.metric, start: group.chunkStart)] = place
    }
    return Set(
      rows.compactMap { row in
        places[ChunkKey(customer: row.uuid(0), metric: row.int32(1), start: row.int32(2))]
      })
  }

  private struct ChunkKey: Hashable {
    let customer: PostgresUUID
    let metric: Int32
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
