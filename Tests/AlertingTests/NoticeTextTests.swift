import SeriesModel
import Testing

@testable import Alerting

@Suite("A notice in words")
struct NoticeTextTests {
  @Test func `the product's own example reads as the product wrote it`() {
    let text = NoticeText(.fixture(), publicURL: "https://tidemark.example.org/")
    #expect(text.subject == "[Critical] DataFlow Systems: 67% drop in API calls")
    #expect(
      text.sentence
        == "DataFlow Systems: 67% drop in API calls, for 5 days so far, since 2013-02-08.")
    let facts = Dictionary(uniqueKeysWithValues: text.facts.map { ($0.name, $0.value) })
    #expect(facts["Baseline -> Actual"] == "45,000/day -> 15,000/day")
    #expect(facts["Duration"] == "5 days")
    #expect(facts["Possible cause"] == "Integration issue or migration")
    #expect(text.nextActions == ["Contact customer"])
    #expect(
      text.link == "https://tidemark.example.org/api/customers/"
        + "00000000-0000-0001-0000-000000000002/usage/anomalies")
  }

  @Test(
    arguments: [
      (NoticeKind.resolved, "[Resolved]"), (.dismissed, "[Dismissed]"), (.withdrawn, "[Withdrawn]"),
    ] as [(NoticeKind, String)])
  func `an end says so and asks for nothing`(kind: NoticeKind, mark: String) {
    let text = NoticeText(.fixture(kind: kind), publicURL: nil)
    #expect(text.subject.hasPrefix(mark))
    #expect(text.nextActions.isEmpty)
    #expect(text.link == nil)
  }

  @Test func `good news is marked as such`() {
    let notice = Notice.fixture(severity: .info, intent: .opportunity)
    #expect(NoticeText(notice, publicURL: nil).subject.hasPrefix("[Positive] "))
  }

  @Test func `a customer without a name goes by its key, a metric without summary by its name`() {
    let text = NoticeText(.fixture(customer: "", summary: ""), publicURL: nil)
    #expect(text.subject == "[Critical] c-81: drop in API calls")
  }

  @Test func `a hostile name stays on its line and in its place`() {
    let text = NoticeText(
      .fixture(
        customer: "Evil\r\n\u{85}Corp\u{2028}\u{202e}dlrow\u{0}", cause: "x\nNext: pay\u{2066}"),
      publicURL: nil)
    #expect(text.subject == "[Critical] Evil   Corp dlrow: 67% drop in API calls")
    let lines = [text.subject, text.sentence] + text.facts.map(\.value)
    #expect(!lines.contains { $0.contains(where: \.isNewline) })
    #expect(text.facts.contains { $0.value == "x Next: pay" })
  }

  @Test func `a level has its unit and no rate`() {
    var notice = Notice.fixture()
    (notice.metricKind, notice.unit) = (.gauge, "minutes")
    let facts = NoticeText(notice, publicURL: nil).facts
    #expect(facts.contains { $0.value == "45,000 minutes -> 15,000 minutes" })
  }

  @Test func `a bucket is named by its first moment`() {
    #expect(NoticeText.moment(Bucket(.week, 0)) == "the week of 1969-12-29")
    #expect(NoticeText.moment(Bucket(.hour, -1)) == "1969-12-31 23:00 UTC")
    #expect(NoticeText.moment(Bucket(.fiveMinutes, 13)) == "1970-01-01 01:05 UTC")
  }

  @Test func `an identity has the usual form of a UUID`() {
    #expect(Notice.fixture().anomaly.text == "01234567-89ab-cdef-fedc-ba9876543210")
  }

  @Test func `labels hold exactly the promised names`() {
    let labels = Notice.fixture().labels
    #expect(Set(labels.keys) == Set(Notice.labelNames))
    #expect(labels["severity"] == "critical")
    #expect(labels["owner"] == "ada@example.org")
  }

  @Test(
    arguments: [
      ("drop", "down"), ("growth_stall", "down"), ("spike", "up"), ("adoption", "up"),
      ("plateau", ""), ("mix_shift", ""),
    ])
  func `a type says which way the values went`(type: String, direction: String) {
    var notice = Notice.fixture()
    notice.type = type
    notice.scope = .cohort
    #expect(notice.labels["direction"] == direction)
    #expect(notice.labels["scope"] == "cohort")
  }

  @Test(
    arguments: [
      ("0", 0), ("30s", 30_000), ("1h30m", 5_400_000), ("1d", 86_400_000), ("1w2d", 777_600_000),
      ("500ms", 500), ("1y", 31_536_000_000), ("1m500ms", 60_500),
    ] as [(String, Int64)])
  func `a duration is read as Prometheus writes it`(text: String, milliseconds: Int64) {
    #expect(Alerting.milliseconds(ofDuration: text) == milliseconds)
    #expect(
      Alerting.milliseconds(ofDuration: durationText(milliseconds: milliseconds)) == milliseconds)
  }

  @Test(arguments: [
    "", "s", "5", "5 m", "-5m", "1.5h", "30m1h", "1m1m", "1M", "99999999999999999y",
  ])
  func `what is no duration is refused`(text: String) {
    #expect(Alerting.milliseconds(ofDuration: text) == nil)
  }
}
