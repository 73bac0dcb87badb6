import EvidenceContract
import Testing

@testable import CommandLineTool

@Suite("Outcome of a scan")
struct ScanTests {
  @Test(
    "a run that only judged the past again says so",
    arguments: [
      (10, 3, "10 buckets, 3 findings"), (0, 0, "0 buckets, 0 findings"),
      (
        0, 3,
        "0 buckets, 3 findings; no bucket is new, the findings are of the past, which was judged"
          + " again"
      ),
    ] as [(Int64, Int64, String)])
  func pastAgain(buckets: Int64, findings: Int64, words: String) {
    var state = GetScanResponse()
    (state.seriesScanned, state.seriesDue) = (2, 2)
    (state.bucketsScanned, state.findings) = (buckets, findings)
    let text = outcome(state, label: "scan of days", isKnown: false)
    #expect(text == "scan of days: 2 of 2 series, \(words)")
  }

  @Test func `a run that was known says that nothing changed`() {
    let text = outcome(GetScanResponse(), label: "scan of days", isKnown: true)
    #expect(text.hasSuffix("; all of it had been scanned before, nothing changed"))
  }
}
