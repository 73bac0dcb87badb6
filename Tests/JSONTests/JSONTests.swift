import JSON
import Testing

@Suite("JSON parsing")
struct JSONParsingTests {
  @Test func `every kind of value is read`() throws {
    let value = try JSONValue(
      parsing: #" {"a":[1,-2.5,1e3,true,false,null],"b":{"c":"d"},"e":9223372036854775807} "#)
    #expect(
      value == [
        "a": [1, -2.5, 1000.0, true, false, nil], "b": ["c": "d"], "e": 9_223_372_036_854_775_807,
      ])
  }

  @Test func `escapes become characters`() throws {
    let value = try JSONValue(parsing: #""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00""#)
    #expect(value.stringValue == "\"\\/\u{8}\u{c}\n\r\té😀")
  }

  @Test(
    "a fault is named with its place",
    arguments: [
      ("", 0), ("[1,]", 3), ("{\"a\" 1}", 5), ("[1 2]", 3), ("tru", 0), ("01", 1), ("1.", 2),
      ("-", 1), ("\"a", 2), ("\"\u{1}\"", 1), (#""\x""#, 2), (#""\ud800""#, 7), ("1 1", 2),
      ("{1:2}", 1), ("[", 1), ("{\"a\":", 5), ("+1", 0), ("NaN", 0), ("1e", 2), (#""\u12g4""#, 5),
    ])
  func badSyntax(text: String, offset: Int) {
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    #expect(error?.code == .badSyntax)
    #expect(error?.offset == offset)
  }

  @Test func `a repeated key is refused, however it is written`() {
    let error = #expect(throws: JSONError.self) {
      try JSONValue(parsing: #"{"ab":1,"\u0061b":2}"#)
    }
    #expect(error?.code == .repeatedKey)
    #expect(error?.offset == 8)
  }

  @Test func `invalid UTF-8 is refused`() {
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xff, 0x22]) }
    #expect(error?.code == .badEncoding)
  }

  @Test func `nesting stops at the limit`() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try JSONValue(parsing: nested(32))
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: nested(33)) }
    #expect(error?.code == .tooDeep)
  }

  @Test func `a text over the limit is refused before it is read`() {
    let error = #expect(throws: JSONError.self) {
      try JSONValue(parsing: "[1,2,3]", limits: JSONLimits(bytesLimit: 6))
    }
    #expect(error?.code == .tooLarge)
  }

  @Test func `a number beyond a double is refused`() {
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: "1e999") }
    #expect(error?.code == .numberOutOfRange)
  }
}

@Suite("JSON encoding")
struct JSONEncodingTests {
  @Test func `members keep their order, or are sorted when asked`() {
    let value: JSONValue = ["b": 1, "a": [nil, true]]
    #expect(value.encoded() == #"{"b":1,"a":[null,true]}"#)
    #expect(value.encoded(sortedKeys: true) == #"{"a":[null,true],"b":1}"#)
  }

  @Test func `control characters are escaped and the rest is kept`() {
    let value: JSONValue = "a\"\\\n\r\t\u{1}\u{7f}é😀/"
    #expect(value.encoded() == #""a\"\\\n\r\t\u0001\u007fé😀/""#)
  }

  @Test(
    "numbers are short and read back the same",
    arguments: [0.1, -0.0, 1e300, .leastNonzeroMagnitude, 123_456_789.125, -66.7, 3, 1e16])
  func numbers(number: Double) throws {
    let text = JSONValue.number(number).encoded()
    let back = try #require(JSONValue(parsing: text).doubleValue)
    #expect(back.bitPattern == number.bitPattern || back == number)
  }

  @Test func `what is not finite is written as null`() {
    #expect(JSONValue.array([.number(.nan), .number(.infinity)]).encoded() == "[null,null]")
  }

  @Test func `indented text reads back to the same value`() throws {
    let value: JSONValue = ["a": [1, ["b": [:]]], "c": []]
    let text = value.encoded(indented: true)
    #expect(text.contains("\n    1,\n"))
    #expect(try JSONValue(parsing: text) == value)
  }
}

@Suite("JSON objects")
struct JSONObjectTests {
  @Test func `many members are found, replaced and removed`() {
    var object = JSONObject()
    for number in 0..<100 { object["k\(number)"] = .integer(Int64(number)) }
    object["k7"] = "seven"
    object["k50"] = nil
    #expect(object.count == 99)
    #expect(object["k7"]?.stringValue == "seven")
    #expect(object["k50"] == nil)
    #expect(object["k99"]?.integerValue == 99)
    #expect(object.keys.prefix(3) == ["k0", "k1", "k2"])
  }
}
