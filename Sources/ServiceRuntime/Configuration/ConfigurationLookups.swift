internal import HTTPServer

extension ConfigurationReader {
  /// A text; without a default it must be given.
  public func text(_ key: String, default fallback: String? = nil, help: String = "") -> String {
    if let value = look(key, help: help, fallback: fallback)?.first { return value }
    return required(key, fallback) ?? ""
  }

  /// A text that may be left out.
  public func optionalText(_ key: String, help: String = "") -> String? {
    look(key, help: help, fallback: "")?.first
  }

  /// A whole number within a range; without a default it must be given.
  public func integer(
    _ key: String, default fallback: Int? = nil, in range: ClosedRange<Int> = 0...Int.max,
    help: String = ""
  ) -> Int {
    let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
    return value(key, default: fallback, expected: expected, help: help) { text in
      Int(text).flatMap { range.contains($0) ? $0 : nil }
    } ?? range.lowerBound
  }

  /// A number within a range; without a default it must be given.
  public func number(
    _ key: String, default fallback: Double? = nil, in range: ClosedRange<Double>,
    help: String = ""
  ) -> Double {
    let expected = "a number from \(range.lowerBound) to \(range.upperBound)"
    return value(key, default: fallback, expected: expected, help: help) { text in
      Double(text).flatMap { range.contains($0) ? $0 : nil }
    } ?? range.lowerBound
  }

  /// A time in seconds; the key says so by its end.
  public func seconds(
    _ key: String, default fallback: Double? = nil, in range: ClosedRange<Double> = 0...86_400,
    help: String = ""
  ) -> Double {
    precondition(key.hasSuffix("-seconds"), "the unit rides in the key: \(key)")
    return number(key, default: fallback, in: range, help: help)
  }

  /// `true` or `false`; a flag without a value is true.
  public func boolean(_ key: String, default fallback: Bool = false, help: String = "") -> Bool {
    value(key, default: fallback, expected: "true or false", help: help) { text in
      text == "true" ? true : text == "false" ? false : nil
    } ?? fallback
  }

  /// A place to listen at, `host:port`; port 0 is a free one.
  public func listenAddress(
    _ key: String, default fallback: String? = nil, help: String = ""
  ) -> String {
    value(key, default: fallback, expected: "host:port", help: help) { text in
      do {
        return try HTTPAddress(parsing: text).description
      } catch {
        return nil
      }
    } ?? ""
  }

  /// Several texts: a repeated flag, commas, or a list in the file; without a default at least one
  /// must be given.
  public func list(
    _ key: String, default fallback: [String]? = nil, help: String = ""
  ) -> [String] {
    let shown = fallback?.joined(separator: ",")
    let values = look(key, help: help, fallback: shown, isList: true)
    if let values, !values.isEmpty || fallback != nil { return values }
    _ = required(key, shown)
    return fallback ?? []
  }

  /// One of a closed set of words.
  public func choice<Word: RawRepresentable & CaseIterable>(
    _ key: String, default fallback: Word, help: String = ""
  ) -> Word where Word.RawValue == String {
    let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
    let given = look(key, help: help, fallback: fallback.rawValue)?.first
    guard let given else { return fallback }
    guard let word = Word(rawValue: given) else {
      addFault("\(key) (\(source(of: key))) must be one of \(words)")
      return fallback
    }
    return word
  }

  /// A value of any type, with what is expected in words; nil only where a fault was kept.
  public func value<Value>(
    _ key: String, default fallback: Value? = nil, expected: String, help: String = "",
    parse: (String) -> Value?
  ) -> Value? {
    let shown = fallback.map { "\($0)" }
    guard let text = look(key, help: help, fallback: shown)?.first else {
      _ = required(key, shown)
      return fallback
    }
    guard let value = parse(text) else {
      addFault("\(key) (\(source(of: key))) must be \(expected)")
      return fallback
    }
    return value
  }

  /// The content of a secret file, which only its owner may read; nil when left out.
  ///
  /// The key ends in `-file`.
  public func secretFile(
    _ key: String, isRequired: Bool = false, help: String = ""
  ) -> Redacted<String>? {
    precondition(key.hasSuffix("-file"), "secrets come by files: \(key)")
    guard let path = look(key, help: help, fallback: isRequired ? nil : "")?.first else {
      if isRequired { _ = required(key, String?.none) }
      return nil
    }
    do {
      return try SettingsFile.secret(path)
    } catch {
      for fault in error.faults { addFault("\(key) (\(source(of: key))): \(fault)") }
      return nil
    }
  }

  /// A text that may hold a password, given by `<key>-file`, or in place where it holds none.
  ///
  /// Never printed, wherever it came from. Nil only where a fault was kept, or when it may be left
  /// out.
  public func secretOrFile(
    _ key: String, isRequired: Bool = true, help: String = ""
  ) -> Redacted<String>? {
    let fromFile = secretFile("\(key)-file", help: help.isEmpty ? "" : "\(help), in a file")
    let inPlace = look(key, help: help, fallback: "", isSecret: true)?.first
    let fileIsGiven = known["\(key)-file"]?.values != nil
    if inPlace != nil && fileIsGiven { addFault("\(key) and \(key)-file exclude each other") }
    if let inPlace { return Redacted(inPlace) }
    if isRequired && !fileIsGiven { addFault("\(key) or \(key)-file is missing") }
    return fromFile
  }

  private func required<Value>(_ key: String, _ fallback: Value?) -> Value? {
    if fallback == nil && known[key]?.values == nil {
      addFault(
        "\(key) is missing (--\(key), \(Self.variable(service: service, key: key)) or \(key): in the file)"
      )
    }
    return fallback
  }
}
