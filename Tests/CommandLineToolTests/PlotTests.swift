import Glibc
import SeriesModel
import Testing

@testable import CommandLineTool

@Suite("Drawings of a backtest")
struct PlotTests {
  @Test func `each alarmed series has a drawing and a place on the page`() async throws {
    try await withFolder { folder in
      let names = try await plot(customer: "c1", into: folder)
      #expect(names == ["1-c1-api-calls.svg", "index.html"])
      let drawing = try SmallFiles.text("\(folder.path)/1-c1-api-calls.svg")
      #expect(drawing.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\""))
      #expect(drawing.hasSuffix("</svg>\n"))
      for part in [
        "<title id=\"title\">c1 · api calls</title>", "<desc id=\"desc\">", "prefers-color-scheme",
        "class=\"band\"", "class=\"special\"", "drop · critical",
        "2023-04-12: 90% drop in api calls: ",
      ] {
        #expect(drawing.contains(part), "\(part)")
      }
      let page = try SmallFiles.text("\(folder.path)/index.html")
      #expect(page.contains("href=\"1-c1-api-calls.svg\""))
      #expect(page.contains("90% drop in api calls"))
      remove(names, folder)
    }
  }

  @Test func `a hostile name neither leaves the folder nor ends an element`() async throws {
    try await withFolder { folder in
      let names = try await plot(customer: "../<script>&x", into: folder)
      #expect(names == ["1-----script--x-api-calls.svg", "index.html"])
      for name in names {
        let text = try SmallFiles.text("\(folder.path)/\(name)")
        #expect(!text.contains("<script>"))
        #expect(text.contains("../&lt;script&gt;&amp;x"))
      }
      remove(names, folder)
    }
  }

  private func plot(customer: String, into folder: Folder) async throws -> [String] {
    var text = "customer,metric,date,value\n"
    for day in 0..<120 {
      let noise = (day * 37) % 17 - 8
      let level = day % 7 < 5 ? 200 + noise : 80 + noise / 2
      let value = (100..<103).contains(day) ? level / 10 : level
      text += "\(customer),api_calls,\(CivilDate(dayIndex: 19_359 + day)),\(value)\n"
    }
    let points = try folder.file("points.csv", text)
    let holidays = try folder.file("holidays.csv", "date,customer,name\n2023-03-15,\(customer),x\n")
    let screen = Screen()
    let before = Set(SmallFiles.names(in: folder.path))
    let code = await CommandLineMain.run(
      ["backtest", "--points", points, "--holidays", holidays, "--plot", folder.path],
      environment: [:], terminal: screen.terminal)
    #expect(code == 0, "\(screen.aside)")
    return SmallFiles.names(in: folder.path).filter { !before.contains($0) }
  }

  private func remove(_ names: [String], _ folder: Folder) {
    for name in names { unlink("\(folder.path)/\(name)") }
  }
}
