import SeriesModel
import Testing

@Suite("Holidays")
struct HolidayTests {
  /// 2023-05-01, a Monday.
  private static let day: Int32 = 19_478

  @Test(
    "a bucket is a holiday when it begins on one",
    arguments: [
      (Bucket(.day, day), true), (Bucket(.day, day - 1), false), (Bucket(.day, day + 1), false),
      (Bucket(.hour, day * 24), true), (Bucket(.hour, day * 24 + 23), true),
      (Bucket(.hour, day * 24 - 1), false), (Bucket(.hour, day * 24 + 24), false),
      (Bucket(.fiveMinutes, day * 288 + 287), true), (Bucket(.fiveMinutes, day * 288 - 1), false),
    ])
  func holidays(bucket: Bucket, isHoliday: Bool) throws {
    var calendar = BusinessCalendar()
    calendar.add(try #require(CivilDate("2023-05-01")), region: "EU")
    #expect(calendar.isHoliday(bucket, region: "EU") == isHoliday)
    #expect(!calendar.isHoliday(bucket, region: "US"))
  }

  @Test func `a week is no holiday, whatever it begins with`() throws {
    let date = try #require(CivilDate("2023-05-01"))
    var calendar = BusinessCalendar()
    calendar.add(date, region: "EU")
    calendar.add(date, region: "EU")
    #expect(calendar.count == 1)
    #expect(!calendar.isHoliday(Bucket(.week, Int32(date.weekIndex)), region: "EU"))
  }

  @Test(
    "an hour is a holiday by the customer's clock, also across a change of the clock",
    arguments: [
      // The clock is an hour ahead of UTC, two from 2023-03-26T01:00Z on.
      ("2023-03-25", 22, false), ("2023-03-25", 23, true), ("2023-03-26", 21, true),
      ("2023-03-26", 22, false),
    ])
  func hours(date: String, hour: Int32, isHoliday: Bool) throws {
    var calendar = BusinessCalendar()
    calendar.add(try #require(CivilDate("2023-03-26")), region: "DE")
    let day = try #require(CivilDate(date))
    let bucket = Bucket(.hour, Int32(day.dayIndex) * 24 + hour)
    let zone = try ZoneFixture.berlin()
    #expect(calendar.isHoliday(bucket, region: "DE", zone: zone) == isHoliday)
    let customer = Customer.fixture(region: "DE")
    let entry = calendar.day(of: bucket, customer: customer, metric: .fixture(), zone: zone)
    #expect(entry.isHoliday == isHoliday)
    #expect(entry.knownEvent == nil)
  }

  @Test func `a holiday of the whole organisation holds in every region`() throws {
    let date = try #require(CivilDate("2023-05-01"))
    let calendar = BusinessCalendar([
      CalendarEntry(id: "x", kind: .holiday, name: "Labour Day", span: .days(date...date))
    ])
    #expect(calendar.isHoliday(Bucket(.day, Self.day), region: "anywhere"))
  }
}

@Suite("Known events")
struct KnownEventTests {
  /// 2023-05-01, a Monday.
  private static let day: Int32 = 19_478

  private func event(
    _ id: String, _ scope: CalendarScope = .organisation, metric: String = "",
    from: Int32 = 0, days: Int32 = 1, change: ExpectedChange? = nil, kind: CalendarKind = .campaign
  ) -> CalendarEntry {
    let first = CivilDate(dayIndex: Int(Self.day + from))
    let last = CivilDate(dayIndex: Int(Self.day + from + days - 1))
    return CalendarEntry(
      id: id, kind: kind, name: id, scope: scope, metric: metric, span: .days(first...last),
      change: change)
  }

  private func day(
    _ entries: [CalendarEntry], _ bucket: Bucket = Bucket(.day, day),
    customer: Customer = .fixture(), metric: Metric = .fixture(), zone: Zone = .utc
  ) -> BucketCalendarEntry {
    BusinessCalendar(entries).day(of: bucket, customer: customer, metric: metric, zone: zone)
  }

  @Test("an event holds from its first day through its last", arguments: [-1, 0, 2, 3] as [Int32])
  func edges(step: Int32) {
    let found = day([event("x", days: 3)], Bucket(.day, Self.day + step))
    #expect((found.knownEvent?.id == "x") == (0...2).contains(step))
    #expect(!found.isHoliday)
  }

  @Test func `an event is found behind many that are over and one that lasts for years`() {
    var entries = (1...500).map { event("old \($0)", from: -Int32($0) * 2) }
    entries.append(event("long", from: -2_000, days: 3_000, kind: .other))
    entries.append(event("narrow", .region("EU")))
    #expect(day(entries).knownEvent?.id == "narrow")
    #expect(day(entries, Bucket(.day, Self.day - 1)).knownEvent?.id == "long")
    #expect(day(entries, Bucket(.day, Self.day + 1_000)).isOrdinary)
  }

  @Test func `the narrowest scope decides, and a metric is narrower than none`() {
    let change = ExpectedChange(ratio: 0.6)
    let wider = [
      event("all"), event("all of calls", metric: "calls", change: change),
      event("region", .region("EU")), event("segment", .segment("large"), change: change),
      event("customer", .customer("c1")),
      event("customer's calls", .customer("c1"), metric: "calls", change: change),
      event("customer's calls at JFK", .customer("c1"), metric: "calls{origin=JFK}"),
    ]
    for count in wider.indices {
      let found = day(
        Array(wider[...count]).reversed(),
        metric: .fixture(dimensions: [Dimension(name: "origin", value: "JFK")]))
      #expect(found.knownEvent?.id == wider[count].id)
      #expect(found.knownEvent?.change == wider[count].change)
    }
  }

  @Test func `what is not in the scope is left alone`() {
    for scope in [CalendarScope.region("US"), .segment("small"), .customer("c2")] {
      #expect(day([event("x", scope)]).isOrdinary)
    }
    #expect(day([event("x", metric: "logins")]).isOrdinary)
    #expect(day([event("x", metric: "calls{origin=JFK}")]).isOrdinary)
  }

  @Test func `among equals the unknown decides, then the order of ids`() {
    let known = ExpectedChange(ratio: 1.5)
    #expect(day([event("a", change: known), event("b")]).knownEvent?.change == nil)
    #expect(day([event("b", change: known), event("a", change: known)]).knownEvent?.id == "a")
  }

  @Test func `a holiday may be expected to change something, and then is a known event too`() {
    let found = day([event("x", change: ExpectedChange(ratio: 0.2), kind: .holiday)])
    #expect(found.isHoliday)
    #expect(found.knownEvent?.change?.ratio == 0.2)
  }

  @Test func `a week takes the part of the change that its days have`() throws {
    let week = Bucket(.week, Int32(CivilDate(dayIndex: Int(Self.day)).weekIndex))
    let change = ExpectedChange(ratio: 0.3, tolerance: 0.25)
    let one = try #require(day([event("x", from: 6, change: change)], week).knownEvent?.change)
    #expect(abs(one.ratio - 0.9) < 1e-12)
    #expect(one.tolerance < 0.02)
    #expect(abs(one.logRatio - -0.105_360_515_657_826) < 1e-12)
    let all = day([event("x", from: -3, days: 20, change: change)], week)
    #expect(all.knownEvent?.change == change)
    #expect(day([event("x", from: 7)], week).isOrdinary)
    #expect(day([event("x", from: -1)], week).isOrdinary)
  }

  @Test func `instants cover buckets by their seconds, and less than a tenth is no word worth`() {
    let start = Int64(Self.day) * 86_400 + 6 * 3_600
    func event(minutes: Int64) -> CalendarEntry {
      CalendarEntry(
        id: "x", kind: .maintenance, name: "x", span: .instants(start..<start + minutes * 60))
    }
    let hour = Bucket(.hour, Self.day * 24 + 6)
    #expect(day([event(minutes: 6)], hour).knownEvent?.id == "x")
    #expect(day([event(minutes: 5)], hour).isOrdinary)
    #expect(day([event(minutes: 60)], Bucket(.hour, Self.day * 24 + 7)).isOrdinary)
    #expect(day([event(minutes: 60)]).isOrdinary)
    #expect(day([event(minutes: 144)]).knownEvent?.id == "x")
  }

  @Test func `a day by the clock has 23 or 25 hours when the clock changes`() throws {
    let zone = try ZoneFixture.berlin()
    let spring = Bucket(.day, Int32(try #require(CivilDate("2023-03-26")).dayIndex))
    let autumn = Bucket(.day, Int32(try #require(CivilDate("2023-10-29")).dayIndex))
    #expect(zone.seconds(of: spring).count == 23 * 3_600)
    #expect(zone.seconds(of: autumn).count == 25 * 3_600)
    #expect(zone.seconds(of: spring).lowerBound == 1_679_785_200)  // 2023-03-25T23:00Z
    let span = CalendarSpan.instants(1_679_785_200..<1_679_785_200 + 23 * 1_800)
    #expect(span.share(of: spring, in: zone) == 0.5)
  }

  @Test func `local times that come twice are the first, and those left out are read as before`()
    throws
  {
    let zone = try ZoneFixture.berlin()
    let autumn = Int64(try #require(CivilDate("2023-10-29")).dayIndex) * 86_400
    let spring = Int64(try #require(CivilDate("2023-03-26")).dayIndex) * 86_400
    #expect(zone.unixSecond(ofLocalSecond: autumn + 9_000) == autumn + 9_000 - 7_200)
    #expect(zone.unixSecond(ofLocalSecond: spring + 9_000) == spring + 9_000 - 3_600)
  }

  @Test func `of several entries with one id the last counts`() {
    let calendar = BusinessCalendar([event("x"), event("x", from: 5)])
    #expect(calendar.count == 1)
    #expect(calendar.entries.first?.span.days.lowerBound.dayIndex == Int(Self.day) + 5)
  }
}

@Suite("The calendar of a scan")
struct CalendarResolverTests {
  @Test("a scan is told what a single question is told", arguments: 1...8 as ClosedRange<UInt64>)
  func sameAnswers(seed: UInt64) throws {
    var chance = SplitMix(state: seed)
    let zones = ["": Zone.utc, "DE": try ZoneFixture.berlin(), "US": try ZoneFixture.newYork()]
    let customers = (0..<12).map { place in
      Customer(
        id: CustomerID(high: 0, low: UInt64(place)), externalID: "c\(place)",
        segment: ["large", "small"][place % 2], region: ["EU", "US", ""][place % 3],
        zone: ["", "DE", "US"][place / 4])
    }
    let metrics = ["calls", "logins"].map { Metric.fixture(name: $0) }
    let calendar = BusinessCalendar(
      (0..<60).map { Self.entry($0, &chance) })
    var resolver = CalendarResolver(
      calendar, customers: customers, metrics: metrics, zone: { zones[$0] ?? .utc })
    var words = 0
    for granularity in Granularity.allCases {
      for _ in 0..<40 {
        let second = Int64(19_478 * 86_400) + Int64(chance.next() % (60 * 86_400))
        let bucket = try #require(Bucket(granularity, holdingUnixSecond: second))
        resolver.enter(bucket)
        for (place, customer) in customers.enumerated() {
          for (metricPlace, metric) in metrics.enumerated() {
            let alone = calendar.day(
              of: bucket, customer: customer, metric: metric, zone: zones[customer.zone] ?? .utc)
            #expect(resolver.entry(customer: place, metric: metricPlace) == alone)
            if !alone.isOrdinary { words += 1 }
          }
        }
      }
    }
    #expect(words > 0)
  }

  private static func entry(_ number: Int, _ chance: inout SplitMix) -> CalendarEntry {
    let scopes: [CalendarScope] = [
      .organisation, .region("EU"), .region("US"), .segment("large"), .customer("c3"),
      .customer("c7"),
    ]
    let first = 19_470 + Int(chance.next() % 70)
    let start = Int64(first) * 86_400 + Int64(chance.next() % 86_400)
    let span =
      chance.next() % 3 == 0
      ? CalendarSpan.instants(start..<start + 600 + Int64(chance.next() % 100_000))
      : .days(
        CivilDate(dayIndex: first)...CivilDate(dayIndex: first + Int(chance.next() % 4)))
    return CalendarEntry(
      id: "\(number)", kind: CalendarKind.allCases[Int(chance.next() % 6)], name: "x",
      scope: scopes[Int(chance.next() % 6)],
      metric: ["", "", "calls"][Int(chance.next() % 3)], span: span,
      change: chance.next() % 2 == 0 ? nil : ExpectedChange(ratio: 0.5))
  }
}

/// The generator of Steele, Lea and Flood, so that a seed gives the same test everywhere.
private struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }
}

extension Customer {
  fileprivate static func fixture(region: String = "EU") -> Customer {
    Customer(
      id: CustomerID(high: 0, low: 1), externalID: "c1", segment: "large", region: region)
  }
}

extension Metric {
  fileprivate static func fixture(
    name: String = "calls", dimensions: [Dimension] = []
  ) -> Metric {
    Metric(
      id: MetricID(1), name: name, dimensions: dimensions, granularity: .day, kind: .count)
  }
}
