import Testing

@testable import Sparkline

@Suite("Small pictures of numbers")
struct SparklineTests {
  private static let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

  @Test func `numbers become a small PNG of the stated size, and the same one each time`() throws {
    let observed: [Double?] = (0..<21).map { Double($0 % 7) }
    let expected: [Double?] = (0..<21).map { _ in 3 }
    let picture = try #require(SparklinePicture(expected: expected, observed: observed))
    #expect(Array(picture.png.prefix(8)) == Self.signature)
    // The header's width and height, big-endian.
    #expect(Array(picture.png[16..<24]) == [0, 0, 1, 0xe0, 0, 0, 0, 0x60])
    #expect(picture.png.count < 8_192)
    #expect(SparklinePicture(expected: expected, observed: observed) == picture)
    #expect(SparklinePicture(expected: [], observed: observed) != picture)
  }

  @Test func `fewer than two seen values are no picture`() {
    #expect(SparklinePicture(expected: [1, 2, 3], observed: []) == nil)
    #expect(SparklinePicture(expected: [1, 2, 3], observed: [nil, 1, nil]) == nil)
    #expect(SparklinePicture(expected: [], observed: [.nan, .infinity, 1]) == nil)
    #expect(SparklinePicture(expected: [], observed: [1, 1]) != nil)
  }

  @Test(arguments: [
    [1, 1, 1], [0, 0], [-1e308, 1e308], [1e-300, 2e-300], [.greatestFiniteMagnitude, 0],
    [5, nil, nil, 5],
  ])
  func `every span of finite values can be drawn`(values: [Double?]) {
    #expect(SparklinePicture(expected: values, observed: values) != nil)
  }

  @Test func `of more than 60 pairs the last ones are drawn`() {
    let many: [Double?] = (0..<100).map { Double($0 * $0 % 17) }
    #expect(
      SparklinePicture(expected: [], observed: many)
        == SparklinePicture(expected: [], observed: Array(many.suffix(60))))
  }

  @Test func `a line touches its ends and stays on the canvas`() {
    var canvas = SparklineCanvas(width: 20, height: 10)
    canvas.line(from: (0, 0), to: (19, 9), .observed, radius: 3)
    let blue = SparklineCanvas.Color.observed.rawValue
    #expect(canvas.pixels[0] == blue && canvas.pixels[199] == blue)
    #expect(canvas.pixels[19] == 0 && canvas.pixels[180] == 0)
    canvas.line(from: (19, 0), to: (19, 9), .last, radius: 0)
    let red = SparklineCanvas.Color.last.rawValue
    #expect((0..<10).allSatisfy { canvas.pixels[$0 * 20 + 19] == red })
  }
}
