import SeriesModel
import Testing

@testable import CommandLineTool

@Suite("Verdicts of a backtest")
struct VerdictFileTests {
  /// A series around 200 that falls to a tenth on two days, weeks apart.
  private static var points: String {
    let rhythm = [1.0, 1.05, 1.02, 1, 0.9, 0.4, 0.35]
    var text = "customer,metric,date,value\n"
    for day in 0..<160 {
      let usual = 200 * rhythm[day % 7] + Double((day * 37) % 17)
      let value = day == 100 || day == 130 ? usual / 10 : usual
      text += "c1,logins,\(CivilDate(dayIndex: 19_359 + day)),\(value.rounded())\n"
    }
    return text
  }

  private static let head = "series_id,start,end,type,severity,score,detected_at"

  @Test func `detections with two columns more are verdicts from their day on`() async throws {
    try await withFolder { folder in
      let plain = try await folder.detections(text: Self.points).split(separator: "\n")
      #expect(plain.count == 3)
      let verdicts = try folder.file(
        "v.csv", "\(Self.head),verdict,given_at\n\(plain[1]),dismissed,2023-04-14\n")
      let (code, screen) = try await folder.run(text: Self.points, ["--verdicts", verdicts])
      #expect(code == 0, "\(screen.aside)")
      #expect(screen.output.contains("1 of 1 verdicts heard"))
      let taught = try SmallFiles.text(folder.out).split(separator: "\n")
      #expect(taught[..<2] == plain[..<2])
      // The like of it is not raised again unless it is much clearer.
      #expect(taught.count == 2)
    }
  }

  @Test func `a verdict on what is not known is told, and changes nothing`() async throws {
    try await withFolder { folder in
      let plain = try await folder.detections(text: Self.points)
      let verdicts = try folder.file(
        "v.csv",
        """
        series_id,date,verdict,given_at
        c1/logins,2023-02-01,dismissed,2023-02-03
        c1/*,2023-04-12,dismissed,2023-04-14
        *,2023-04-12,dismissed,2024-04-14

        """)
      let (code, screen) = try await folder.run(text: Self.points, ["--verdicts", verdicts])
      #expect(code == 0, "\(screen.aside)")
      #expect(
        screen.output.contains(
          "0 of 3 verdicts heard; nothing was known of what was meant by line 2 (c1/logins),"
            + " line 3 (c1/*), line 4 (*)"), "\(screen.output)")
      #expect(try SmallFiles.text(folder.out) == plain)
    }
  }

  @Test(
    "what is wrong with a file is told with its line",
    arguments: [
      ("series_id,verdict,given_at\n", "either the column \"start\" or \"date\""),
      ("series_id,date,start,verdict,given_at\n", "either the column \"start\" or \"date\""),
      ("series_id,date,verdict\n", "the column \"given_at\" is missing"),
      ("series_id,date,verdict,given_at\nc1/logins,2023-02-01,true,2023-02-03\n", ":2: verdict"),
      (
        "series_id,date,verdict,given_at\nc1/logins,soon,dismissed,2023-02-03\n",
        ":2: start \"soon\" is no moment"
      ),
      (
        "series_id,date,verdict,given_at\nc1/logins,2023-02-01,dismissed,2023-02-01\n",
        ":2: given_at lies before"
      ),
      (
        "series_id,start,end,verdict,given_at\nc1/logins,2023-02-02,2023-02-01,dismissed,"
          + "2023-02-09\n", ":2: ends before it starts"
      ),
      (
        "series_id,date,verdict,given_at\nc2/a,2023-02-01,dismissed,2023-02-03\n",
        "no series \"c2/a\""
      ),
      (
        "series_id,date,verdict,given_at\nc2/*,2023-02-01,dismissed,2023-02-03\n",
        "no customer \"c2\""
      ),
      (
        "series_id,date,verdict,given_at\n@x/*,2023-02-01,dismissed,2023-02-03\n",
        "cohort \"x\""
      ),
      (
        "series_id,date,type,verdict,given_at\nc1/logins,2023-02-01,odd,dismissed,2023-02-03\n",
        "no type \"odd\""
      ),
    ])
  func faults(text: String, reason: String) async throws {
    try await withFolder { folder in
      let verdicts = try folder.file("v.csv", text)
      let (code, screen) = try await folder.run(text: Self.points, ["--verdicts", verdicts])
      #expect(code == 1)
      #expect(screen.aside.contains(reason), "\(screen.aside)")
    }
  }
}
