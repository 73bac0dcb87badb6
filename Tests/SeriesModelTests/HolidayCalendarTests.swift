import SeriesModel
import Testing

@Suite("Holidays")
struct HolidayCalendarTests {
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
    var calendar = HolidayCalendar()
    calendar.add(try #require(CivilDate("2023-05-01")), region: "EU")
    #expect(calendar.isHoliday(bucket, region: "EU") == isHoliday)
    #expect(!calendar.isHoliday(bucket, region: "US"))
  }

  @Test func `a week is no holiday, whatever it begins with`() throws {
    let date = try #require(CivilDate("2023-05-01"))
    var calendar = HolidayCalendar()
    calendar.add(date, region: "EU")
    calendar.add(date, region: "EU")
    #expect(calendar.count == 1)
    #expect(!calendar.isHoliday(Bucket(.week, Int32(date.weekIndex)), region: "EU"))
  }
}
