import EvidenceContract
import Postgres
import SeriesModel
import TestSupport
import Testing

@Suite(
  "Knowledge that comes late", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(4)))
struct LateKnowledgeTests {
  private static let holiday = SeriesModel.CalendarEntry(
    id: "founders", kind: .holiday, name: "Founders' Day", scope: .region("EU"),
    span: .days(CivilDate(dayIndex: 190)...CivilDate(dayIndex: 190)))

  private static let campaign = SeriesModel.CalendarEntry(
    id: "campaign", kind: .campaign, name: "Spring campaign", scope: .customer("c3"),
    span: .days(CivilDate(dayIndex: 185)...CivilDate(dayIndex: 187)))

  private static let fair = SeriesModel.CalendarEntry(
    id: "fair", kind: .campaign, name: "Fair", scope: .customer("c13"),
    span: .days(CivilDate(dayIndex: 150)...CivilDate(dayIndex: 152)))

  /// Everybody of one region is away for a day, one customer has a campaign, and another one falls
  /// for good; long before, one had a fair.
  private static func factor(_ customer: Int, _ metric: Int, _ day: Int32) -> Double {
    if day == 190, customer < 8 { return 0.3 }
    if (185...187).contains(day), customer == 2 { return 4 }
    if (150...152).contains(day), customer == 12 { return 4 }
    if day >= 187, customer == 10 { return 0.2 }
    return 1
  }

  /// What a house comes to in the end.
  private struct Outcome: Equatable {
    var models: [String]
    var anomalies: [String]
    var places: [String]
  }

  private func outcome(_ house: JudgingHouse) async throws -> Outcome {
    Outcome(
      models: try await house.models(), anomalies: try await house.anomalies(),
      places: try await house.places())
  }

  /// Judges a history: most of it at once, and what matters day by day.
  private func judge(
    _ house: JudgingHouse, through last: Int32 = 199,
    known entries: [SeriesModel.CalendarEntry] = []
  ) async throws {
    try await house.place(0..<8, region: "EU")
    try await house.place(8..<14, region: "US")
    for entry in entries { try await house.put(entry) }
    var first: Int32 = 100
    for through in [179, 186, 187, 189, 190, 191, 199] as [Int32] where through <= last {
      try await house.judge(first...through, Self.factor)
      first = through + 1
    }
    try await house.settled()
  }

  private func outcome(
    known entries: [SeriesModel.CalendarEntry], through last: Int32 = 199
  ) async throws -> Outcome {
    var found: Outcome?
    try await JudgingHouse.with(customers: 14) { house in
      try await judge(house, through: last, known: entries)
      found = try await outcome(house)
    }
    return try #require(found)
  }

  @Test(
    "a holiday entered late withdraws what it explains, and leaves what it would have left",
    arguments: [Int32(191), 199])
  func lateHoliday(through last: Int32) async throws {
    let wanted = try await outcome(known: [Self.holiday], through: last)
    try await JudgingHouse.with(customers: 14, rangeSeries: 9) { house in
      try await judge(house, through: last)
      let before = try await house.anomalies()
      let heard = try await house.told().count
      #expect(before != wanted.anomalies)
      try await house.put(Self.holiday)
      try await house.settled()
      let after = try await outcome(house)
      #expect(after.models == wanted.models)
      #expect(after.anomalies == wanted.anomalies)
      #expect(after.places == wanted.places)
      let told = try await house.told(after: heard)
      // Nobody hears of anything new but of ends.
      #expect(told.contains { $0.hasPrefix("5 ") })
      #expect(!told.contains { $0.hasPrefix("1 ") || $0.hasPrefix("6 ") }, "\(told)")
      #expect(
        try await house.count(
          """
          SELECT count(*) FROM anomaly WHERE state = 6
            AND possible_cause <> 'Explained by the calendar: Founders'' Day'
          """) == 0)
      // Once more of the same changes nothing at all.
      try await house.put(Self.holiday)
      try await house.house.scan(house.client)
      try await house.settled()
      #expect(try await outcome(house) == after)
      #expect(try await house.told(after: heard) == told)
    }
  }

  @Test func `an entry that is removed raises what it had hidden`() async throws {
    let wanted = try await outcome(known: [])
    try await JudgingHouse.with(customers: 14) { house in
      try await judge(house, known: [Self.holiday])
      try await house.remove(Self.holiday)
      try await house.settled()
      #expect(try await outcome(house) == wanted)
    }
  }

  @Test func `an event of one customer is taken back and forth by the same anomaly`() async throws {
    try await JudgingHouse.with(customers: 14) { house in
      try await judge(house)
      let before = try await outcome(house)
      let others = try await house.models().filter {
        !$0.hasPrefix(id(house.house.customers[2]))
      }
      try await house.put(Self.campaign)
      try await house.settled()
      let between = try await house.anomalies()
      #expect(between.count < before.anomalies.count)
      #expect(
        !between.contains { $0.contains(id(house.house.customers[2])) }, "\(between)")
      #expect(
        try await house.models().filter { !$0.hasPrefix(id(house.house.customers[2])) } == others)
      // Only that customer was judged again.
      #expect(
        try await house.baseline.query(
          "SELECT count(*) FROM series_state WHERE revision > 1"
        ).single.int(0) == 2)
      try await house.remove(Self.campaign)
      try await house.settled()
      #expect(try await outcome(house) == before)
      #expect(
        try await house.baseline.query(
          "SELECT min(revision) FROM series_state WHERE revision > 1"
        ).single.int(0) == 3)
    }
  }

  @Test("a corrected point withdraws, and a late one raises", arguments: [true, false])
  func corrections(isWrongFirst: Bool) async throws {
    let isWrong = { (customer: Int, metric: Int, day: Int32) in day == 190 ? 0.1 : 1 }
    var wanted: Outcome?
    try await JudgingHouse.with(customers: 1) { house in
      try await house.judge(100...179)
      for days in [180...189, 190...190, 191...192] as [ClosedRange<Int32>] {
        if isWrongFirst {
          try await house.judge(days)
        } else {
          try await house.judge(days, isWrong)
        }
      }
      wanted = try await outcome(house)
    }
    try await JudgingHouse.with(customers: 1) { house in
      try await house.judge(100...179)
      for days in [180...189, 190...190, 191...192] as [ClosedRange<Int32>] {
        if isWrongFirst {
          try await house.judge(days, isWrong)
        } else {
          try await house.judge(days)
        }
      }
      let heard = try await house.told().count
      #expect((heard > 0) == isWrongFirst)
      if isWrongFirst {
        try await house.set(190...190)
      } else {
        try await house.set(190...190, isWrong)
      }
      try await house.house.scan(house.client)
      try await house.settled()
      let after = try await outcome(house)
      #expect(after.anomalies == wanted?.anomalies)
      #expect(after.places == wanted?.places)
      #expect(states(after) == states(wanted))
      let told = try await house.told(after: heard)
      #expect(!told.isEmpty)
      #expect(told.allSatisfy { $0.hasPrefix(isWrongFirst ? "5 " : "1 ") }, "\(told)")
    }
  }

  @Test func `beyond its limit the past is learned anew and not judged again`() async throws {
    try await JudgingHouse.with(customers: 14, reviewDays: 5) { house in
      try await judge(house)
      let before = try await house.anomalies()
      let models = try await house.models()
      #expect(before.contains { $0.contains(id(house.house.customers[12])) })
      try await house.put(Self.fair)
      try await house.settled()
      #expect(try await house.anomalies() == before)
      #expect(try await house.models() != models)
    }
  }

  private func states(_ outcome: Outcome?) -> [String]? {
    outcome?.models.filter { $0.contains("-") && $0.count > 1_000 }
  }

  private func id(_ customer: CustomerID) -> String {
    func digits(_ word: UInt64) -> String {
      let text = String(word, radix: 16)
      return String(repeating: "0", count: 16 - text.count) + text
    }
    let all = Array(digits(customer.high) + digits(customer.low))
    return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(all[$0]) }
      .joined(separator: "-")
  }
}
