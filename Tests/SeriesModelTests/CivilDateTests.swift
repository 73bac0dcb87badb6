import SeriesModel
import Testing

@Suite("Civil calendar")
struct CivilDateTests {
  // Computed by Python: (date - datetime.date(1970, 1, 1)).days, date.isocalendar(), weekday().
  @Test(
    "days have the index, weekday and ISO week that Python's datetime gives",
    arguments: [
      ("1600-02-29", -135_081, 1, "1600-W09"), ("1969-12-29", -3, 0, "1970-W01"),
      ("1969-12-31", -1, 2, "1970-W01"), ("1970-01-01", 0, 3, "1970-W01"),
      ("2000-02-29", 11_016, 1, "2000-W09"), ("2005-01-01", 12_784, 5, "2004-W53"),
      ("2013-02-08", 15_744, 4, "2013-W06"), ("2020-12-31", 18_627, 3, "2020-W53"),
      ("2021-01-03", 18_630, 6, "2020-W53"), ("2024-12-30", 20_087, 0, "2025-W01"),
      ("2100-03-01", 47_541, 0, "2100-W09"),
    ])
  func knownDays(text: String, index: Int, weekday: Int, week: String) throws {
    let date = try #require(CivilDate(text))
    #expect(date.dayIndex == index)
    #expect(CivilDate(dayIndex: index) == date)
    #expect(date.description == text)
    #expect(date.weekday == weekday)
    #expect(ISOWeek(weekIndex: date.weekIndex).description == week)
  }

  @Test func `every day of nine centuries comes back from its index and follows the one before`() {
    var previous = CivilDate(dayIndex: -140_001)
    for index in -140_000...190_000 {
      let date = CivilDate(dayIndex: index)
      #expect(date.dayIndex == index)
      #expect(previous < date)
      #expect(date.weekday == (previous.weekday + 1) % 7)
      previous = date
    }
  }

  @Test func `every week comes back from its year and number`() throws {
    for index in -20_000...20_000 {
      let week = ISOWeek(weekIndex: index)
      #expect(week.weekIndex == index)
      let again = try #require(ISOWeek(year: week.year, week: week.week))
      #expect(again == week)
      #expect(CivilDate(mondayOfWeek: index).weekday == 0)
      #expect(CivilDate(mondayOfWeek: index).weekIndex == index)
    }
  }

  @Test(
    "texts that are no day are refused",
    arguments: [
      "", "2013-02-29", "1900-02-29", "2013-13-01", "2013-00-10", "2013-01-32", "2013-1-01",
      "2013/01/01", "20130101", "2013-01-0a", "-013-01-01", "2013-01-01 ",
    ])
  func badTexts(text: String) {
    #expect(CivilDate(text) == nil)
  }

  @Test func `a year without a fifty-third week refuses it`() {
    #expect(ISOWeek(year: 2013, week: 53) == nil)
    #expect(ISOWeek(year: 2015, week: 53) != nil)
    #expect(ISOWeek(year: 2013, week: 0) == nil)
  }
}

@Suite("Buckets on the calendar")
struct BucketCalendarTests {
  @Test func `buckets are written as people write them`() {
    #expect(Bucket(.day, 15_744).description == "2013-02-08")
    #expect(Bucket(.week, 2_249).description == "2013-W06")
    #expect(Bucket(.hour, 15_744 * 24 + 13).description == "2013-02-08T13:00Z")
    #expect(Bucket(.fiveMinutes, 15_744 * 288 + 157).description == "2013-02-08T13:05Z")
    #expect(Bucket(.hour, -1).description == "1969-12-31T23:00Z")
  }

  @Test(
    "an instant lies in the bucket whose start is the last at or before it",
    arguments: Granularity.allCases)
  func holding(granularity: Granularity) throws {
    for second in [-700_000, -259_201, -259_200, -1, 0, 1, 299, 300, 1_360_328_700] as [Int64] {
      let bucket = try #require(Bucket(granularity, holdingUnixSecond: second))
      let next = Bucket(granularity, bucket.index + 1)
      #expect(bucket.startUnixSecond <= second)
      #expect(second < next.startUnixSecond)
    }
  }

  @Test func `an instant beyond the range of an index has no bucket`() {
    #expect(Bucket(.fiveMinutes, holdingUnixSecond: 700_000_000_000) == nil)
    #expect(Bucket(.week, holdingUnixSecond: .max) == nil)
  }

  @Test func `slots of the season count from Monday and from midnight`() {
    #expect(Bucket(.day, 15_744).seasonSlot == 4)
    #expect(Bucket(.day, -3).seasonSlot == 0)
    #expect(Bucket(.hour, -1).seasonSlot == 23)
    #expect(Bucket(.week, 77).seasonSlot == 0)
  }
}
