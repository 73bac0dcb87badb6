import Testing

@testable import CommandLineTool

@Suite("Where a backtest writes")
struct BacktestPlaceTests {
  @Test(
    "where nothing can be written is told before the work", arguments: ["/nowhere/d.csv", "/tmp"])
  func placeOfResult(out: String) async throws {
    try await withFolder { folder in
      let points = try folder.file("p.csv", "customer,metric,date,value\na,b,2023-01-02,1\n")
      let screen = Screen()
      let code = await CommandLineMain.run(
        ["backtest", "--points", points, "--out", out], environment: [:], terminal: screen.terminal)
      #expect(code == 1)
      #expect(screen.aside.hasPrefix("tidemark backtest: \(out): "), "\(screen.aside)")
      #expect(screen.output.isEmpty)
    }
  }
}
