import Testing
import YAML

@Suite("YAML")
struct YAMLTests {
  @Test func `a document becomes nodes with their places`() throws {
    let root = try YAMLNode(
      parsing: """
        # settings
        listen:
          url: tcp://127.0.0.1:0
        names: [a, "no", no]
        empty:
        """)
    #expect(root.entries?.map(\.key) == ["listen", "names", "empty"])
    let url = try #require(root["listen"]?["url"])
    #expect(url.text == "tcp://127.0.0.1:0")
    #expect((url.line, url.column) == (3, 8))
    let names = try #require(root["names"]?.elements)
    #expect(names.map(\.text) == ["a", "no", "no"])
    #expect(names[1].content != names[2].content)
    #expect(root["empty"]?.isNull == true)
    #expect(root.entries?[2].line == 5)
  }

  @Test(
    "nothing is a mapping without entries", arguments: ["", "# only a comment\n", "---\n", "~"])
  func empty(text: String) throws {
    #expect(try YAMLNode(parsing: text).entries?.isEmpty == true)
  }

  @Test(
    "a fault is named with its line and column",
    arguments: [
      ("a: 1\nb: 2\na: 3\n", YAMLError.Code.repeatedKey, 3, 1),
      ("a: &x 1\n", .notAccepted, 1, 4),
      ("a: 1\nb: *x\n", .notAccepted, 2, 4),
      ("a: !!int 1\n", .notAccepted, 1, 4),
      ("a: !ruby/object 1\n", .notAccepted, 1, 4),
      ("a: 1\n<<: {b: 2}\n", .notAccepted, 2, 1),
      ("a: 1\n---\nb: 2\n", .notAccepted, 2, 1),
      ("? [a]\n: 1\n", .badKey, 1, 3),
      ("a: [1, 2\n", .badSyntax, 2, 1),
      ("a: 1\n\tb: 2\n", .badSyntax, 2, 1),
      ("a: b: c\n", .badSyntax, 1, 5),
      ("a: \"b\n", .badSyntax, 2, 1),
    ])
  func faults(text: String, code: YAMLError.Code, line: Int, column: Int) {
    let error = #expect(throws: YAMLError.self) { try YAMLNode(parsing: text) }
    #expect(error?.code == code)
    #expect(error?.line == line)
    #expect(error?.column == column, "\(error?.description ?? "")")
  }

  @Test func `a bomb of aliases never begins to grow`() {
    let error = #expect(throws: YAMLError.self) {
      try YAMLNode(parsing: "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n")
    }
    #expect(error?.code == .notAccepted)
  }

  @Test func `what is not UTF-8 is refused`() {
    #expect(throws: YAMLError.self) { try YAMLNode(parsing: [0x61, 0x3a, 0x20, 0xff, 0xfe]) }
    #expect(throws: YAMLError.self) { try YAMLNode(parsing: [0x61, 0x3a, 0x20, 0x00]) }
  }

  @Test func `depth, size and number of nodes are bounded`() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try YAMLNode(parsing: nested(32))
    #expect(throws: YAMLError.self) { try YAMLNode(parsing: nested(34)) }
    #expect(throws: YAMLError.self) { try YAMLNode(parsing: nested(5_000)) }
    let small = YAMLLimits(bytesLimit: 10, nodeLimit: 3)
    _ = try YAMLNode(parsing: "[a, b]", limits: small)
    #expect(throws: YAMLError.self) { try YAMLNode(parsing: "[a, b, c]", limits: small) }
    #expect(throws: YAMLError.self) { try YAMLNode(parsing: "abcdefghijk", limits: small) }
  }
}
