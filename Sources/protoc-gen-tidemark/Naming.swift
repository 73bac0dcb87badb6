/// The names of one message or enum in C and in Swift.
struct TypeNames {
  /// Name with its package: `tidemark.v1.Page`.
  let wire: String
  /// Name in Swift without its module: `Page`, or `Outer.Inner`.
  let swift: String
  /// The Swift module that declares it.
  let module: String

  /// The struct that protoc-c makes: `Tidemark__V1__Page`.
  var cType: String {
    wire.split(separator: ".").map { $0.prefix(1).uppercased() + $0.dropFirst() }
      .joined(separator: "__")
  }

  /// The start of protoc-c's function names: `tidemark__v1__page`.
  var cFunctions: String {
    wire.split(separator: ".").map { lowerSnake(String($0)) }.joined(separator: "__")
  }
}

/// Underscored lower case, exactly as protoc-c makes it of a capitalised name.
func lowerSnake(_ name: String) -> String {
  var result = ""
  var previousWasUpper = true
  for character in name {
    if character.isUppercase && !previousWasUpper {
      result += "_"
    }
    result += character.lowercased()
    previousWasUpper = character.isUppercase
  }
  return result
}

/// A Swift name of an underscored one: `run_id` becomes `runID`.
func lowerCamel(_ name: String) -> String {
  let parts = name.lowercased().split(separator: "_")
  let rest = parts.dropFirst().map { part in
    initialisms.contains(String(part))
      ? part.uppercased() : part.prefix(1).uppercased() + part.dropFirst()
  }
  let joined = String(parts.first ?? "") + rest.joined()
  return reservedWords.contains(joined) ? "`\(joined)`" : joined
}

/// A Swift type name of an underscored one.
func upperCamel(_ name: String) -> String {
  name.lowercased().split(separator: "_").map { part in
    initialisms.contains(String(part))
      ? part.uppercased() : part.prefix(1).uppercased() + part.dropFirst()
  }.joined()
}

/// A Swift function name of a capitalised one: `PutPoints` becomes `putPoints`.
func functionName(_ name: String) -> String {
  lowerCamel(lowerSnake(name))
}

private let initialisms: Set<String> = ["id", "url", "rpc", "http", "tls", "sql"]

private let reservedWords: Set<String> = [
  "as", "break", "case", "catch", "class", "continue", "default", "defer", "deinit", "do", "else",
  "enum", "extension", "fallthrough", "false", "for", "func", "guard", "if", "import", "in",
  "init", "inout", "internal", "is", "let", "nil", "operator", "private", "protocol", "public",
  "repeat", "rethrows", "return", "self", "static", "struct", "subscript", "super", "switch",
  "throw", "throws", "true", "try", "typealias", "var", "where", "while",
]
