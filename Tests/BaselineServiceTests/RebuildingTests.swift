import Baselines
import EvidenceContract
import Postgres
import RPC
import SeriesModel
import TestSupport
import Testing

@testable import BaselineService

/// Numbers that look drawn by chance, the same for the same seed.
private struct Dice: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return word ^ (word >> 31)
  }
}

@Suite(
  "Incremental equals rebuilt", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(3)))
struct RebuildingTests {
  private struct Cell: Hashable, Comparable {
    let customer: Int
    let metric: Int
    let bucket: Int32

    static func < (left: Cell, right: Cell) -> Bool {
      (left.customer, left.metric, left.bucket) < (right.customer, right.metric, right.bucket)
    }
  }

  private static let calendar = [
    SeriesModel.CalendarEntry(
      id: "day off", kind: .holiday, name: "Day off",
      span: .days(CivilDate(dayIndex: 131)...CivilDate(dayIndex: 131))),
    SeriesModel.CalendarEntry(
      id: "move", kind: .migration, name: "Move", scope: .customer("c3"), metric: "logins",
      span: .days(CivilDate(dayIndex: 150)...CivilDate(dayIndex: 152))),
  ]

  /// The models of a history walked at once, with the rows that are stored.
  private func states(
    _ house: BaselineHouse, _ values: [Cell: Double], _ rows: CohortRowsByBucket, through: Int32
  ) -> [SeriesKey: [UInt8]] {
    var fold = CohortHouse.fold(house)
    var calendar = CalendarResolver(
      BusinessCalendar(Self.calendar),
      customers: house.customers.map { SeriesModel.Customer(id: $0, externalID: "c\($0.low)") },
      metrics: house.metrics, zone: { _ in .utc })
    for bucket in 100...through {
      calendar.enter(Bucket(.day, bucket))
      _ = fold.advance(
        to: bucket,
        values: {
          values[Cell(customer: $0 / 2, metric: $0 % 2, bucket: bucket)] ?? .nan
        },
        flags: { [calendar] in
          EvidenceFlags(calendar.entry(customer: $0 / 2, metric: $0 % 2))
        }, cohorts: rows[bucket] ?? [])
    }
    var states: [SeriesKey: [UInt8]] = [:]
    for (place, model) in fold.models.enumerated() where model.age > 0 {
      states[SeriesKey(house.customers[place / 2], house.metrics[place % 2].id)] = model.encoded
    }
    return states
  }

  private func stored(_ house: BaselineHouse) async throws -> [SeriesKey: [UInt8]] {
    var states: [SeriesKey: [UInt8]] = [:]
    let pool = try house.database.pool(.baseline, size: 1)
    for row in try await pool.query("SELECT customer_id, metric_id, state FROM series_state") {
      let id = row.uuid(0)
      states[SeriesKey(CustomerID(high: id.high, low: id.low), MetricID(row.int32(1)))] =
        row.bytes(2)
    }
    return states
  }

  /// Points in any order, late and corrected ones among them, customers that come later, runs of
  /// one bucket and of many.
  @Test(
    "in any order of arrival, with calendar and cohorts", arguments: [3, 17, 2_026] as [UInt64])
  func anyOrder(seed: UInt64) async throws {
    var dice = Dice(state: seed)
    try await BaselineHouse.with(customers: 13) { house in
      var values: [Cell: Double] = [:]
      var late: [Cell: Double] = [:]
      var closed: Int32 = 99
      try await house.serving(rangeSeries: 7) { client in
        var put = PutCalendarRequest()
        put.entries = Self.calendar.map { EvidenceContract.CalendarEntry($0) }
        _ = try await client.putCalendar(put)
        while closed < 175 {
          let through = closed + Int32([1, 1, 2, 5, 14].randomElement(using: &dice) ?? 1)
          var arrived: [Cell: Double] = [:]
          for cell in late.keys.sorted() where Bool.random(using: &dice) {
            arrived[cell] = late.removeValue(forKey: cell)
          }
          for customer in house.customers.indices where customer < 10 || through > 140 {
            for metric in house.metrics.indices {
              let from = customer < 10 || closed > 140 ? closed + 1 : 100
              for bucket in from...through {
                let cell = Cell(customer: customer, metric: metric, bucket: bucket)
                let usual = BaselineHouse.value(
                  customer: customer, metric: metric, bucket: bucket)
                let value = bucket == 160 ? (usual / 10).rounded() : usual
                switch Int.random(in: 0..<60, using: &dice) {
                case 0: late[cell] = value
                case 1:
                  arrived[cell] = value * 4
                  late[cell] = value
                default: arrived[cell] = value
                }
              }
            }
          }
          try await house.set(
            arrived.map { ($0.key.customer, $0.key.metric, $0.key.bucket, $0.value) })
          values.merge(arrived) { $1 }
          try await house.close(through: through)
          try await house.scan(client)
          closed = through
        }
      }
      let rows = try await CohortHouse.rows(house)
      #expect(rows.values.joined().contains { $0.outageSince == 160 }, "seed \(seed)")
      #expect(rows.values.joined().contains { $0.shift != 0 }, "seed \(seed)")
      let expected = states(house, values, rows, through: closed)
      #expect(try await stored(house) == expected, "seed \(seed)")
    }
  }
}
