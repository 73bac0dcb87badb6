import Testing

@testable import CommandLineTool

@Suite("Numbers in text")
struct NumberTextTests {
  @Test(
    "numbers are read to the last bit",
    arguments: [
      "0", "-0", "1", "007", "3.14", "-2.5", ".5", "5.", "123456789012345", "1234567890123456",
      "0.1", "1e-3", "9007199254740993", "0.000000000000001", "1.7976931348623157e308", "", "-",
      ".", "x", "1x", "--1",
    ])
  func numbers(text: String) {
    let bytes = Array(text.utf8)
    // One byte more, so that an empty text has an address too.
    let read = (bytes + [0]).withUnsafeBufferPointer { buffer in
      buffer.baseAddress.flatMap { number(Field(start: $0, count: bytes.count)) }
    }
    #expect(read?.bitPattern == Double(text)?.bitPattern)
  }
}
