import Testing

@testable import Alerting

@Suite("Patterns of matchers")
struct PatternTests {
  @Test(
    arguments: [
      ("", ["": true, "a": false]),
      (
        "critical|warning",
        ["critical": true, "warning": true, "criticalx": false, "xwarning": false]
      ),
      ("api_.*", ["api_": true, "api_calls": true, "xapi_": false, "api_\n": false]),
      ("(?s)api_.*", ["api_\n": true]), ("a.c", ["abc": true, "aéc": true, "ac": false]),
      ("[a-c]+x?", ["abc": true, "abcx": true, "x": false, "abcxx": false]),
      ("[^a-c]", ["d": true, "a": false, "": false]), ("[]a]", ["]": true, "a": true, "b": false]),
      ("[a-]", ["-": true, "a": true, "b": false]), ("[\\d.]+", ["1.5": true, "x": false]),
      ("a{2}", ["aa": true, "a": false, "aaa": false]),
      ("a{2,}", ["aa": true, "aaaa": true, "a": false]),
      ("a{0,2}b", ["b": true, "aab": true, "aaab": false]), ("a{,2}", ["a{,2}": true, "a": false]),
      ("(?i)Delta", ["DELTA": true, "delta": true]),
      ("(?i:d)elta", ["Delta": true, "DELTA": false]),
      ("(a|b)*c", ["ababc": true, "c": true, "abab": false]), ("^a$", ["a": true, "aa": false]),
      ("(?:ab)+", ["abab": true, "aba": false]), ("(?P<x>a)b", ["ab": true]),
      ("\\d+\\.\\d", ["12.5": true, "12x5": false]), ("\\x41\\x{1F600}", ["A😀": true]),
      ("[[:alpha:]]+", ["abc": true, "a1": false]), ("\\Qa.b\\E", ["a.b": true, "axb": false]),
      ("|a", ["": true, "a": true, "b": false]), ("a||b", ["": true, "b": true]),
      ("(a*)*b", ["aaab": true, "b": true, "a": false]), ("()", ["": true]),
      ("[[:^digit:]]", ["a": true, "1": false]), ("(?i)[^a]", ["A": false, "b": true]),
    ] as [(String, [String: Bool])])
  func `a pattern matches the whole text or not at all`(
    pattern: String, cases: [String: Bool]
  ) throws {
    let pattern = try Pattern(pattern)
    for (text, expected) in cases {
      #expect(pattern.matches(text) == expected, "\(pattern) on '\(text)'")
    }
  }

  @Test(arguments: [
    "(", ")", "a)", "[", "[a", "*", "+a", "?", "a**", "a{2}{3}", "\\", "(?=a)", "(?!a)", "(?<=a)b",
    "(?<!a)b", "\\1", "\\b", "\\pL", "[b-a]", "a{1001}", "a{3,2}", "[[:nope:]]", "\\xZZ", "(?P<x",
    "(?x)a", "((((a{100}){100}){100}){100})",
  ])
  func `what is wrong or not offered is refused`(pattern: String) {
    #expect(throws: AlertingError.self) { try Pattern(pattern) }
  }

  @Test func `an error names the character`() {
    #expect(throws: AlertingError(.badPattern, "at character 4: a ')' without its '('")) {
      try Pattern("abc)")
    }
  }

  @Test func `nesting beyond the limit is refused`() {
    let deep = String(repeating: "(", count: 5_000) + String(repeating: ")", count: 5_000)
    #expect(throws: AlertingError.self) { try Pattern(deep) }
  }

  @Test func `a pattern that ruins backtracking engines is quick`() throws {
    let pattern = try Pattern("(a|aa)+b|(a*)*c")
    let text = String(repeating: "a", count: 4_096)
    #expect(!pattern.matches(text))
    #expect(pattern.matches(text + "b"))
  }
}
