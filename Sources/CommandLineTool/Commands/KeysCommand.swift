import Cryptography

/// Makes keys: `tidemark keys generate FOLDER NAME...`.
func generateKeys(_ context: CommandContext) async throws -> Int32 {
  try context.settingsAreRead()
  guard context.position(0) == "generate", let folder = context.position(1) else {
    throw UsageError("the only work on keys is \"generate\"", context.command.usage)
  }
  let made = try CallerKeys.generate(in: folder, names: Array(context.positions.dropFirst(2)))
  context.terminal.line("\(made) new; trusted callers are in \(folder)/\(CallerKeys.trustedFile)")
  return 0
}

/// The Ed25519 keys of a folder, one a caller, and the file of those trusted.
enum CallerKeys {
  /// The file of all names and public keys of the folder.
  static let trustedFile = "callers.yaml"

  /// Makes the keys that are missing and writes the file of all.
  ///
  /// - Returns: How many were missing.
  static func generate(in folder: String, names: [String]) throws -> Int {
    try SmallFiles.makeFolder(folder)
    var made = 0
    for name in names {
      guard isName(name) else {
        throw CommandError("\"\(name)\" is no name of a caller: letters, digits, - and _ only")
      }
      let path = keyFile(folder, name)
      guard !SmallFiles.exists(path) else { continue }
      try SmallFiles.write(SigningKey().pem, to: path, mode: 0o400)
      made += 1
    }
    var lines = ["# Who may call, by name and Ed25519 public key."]
    for file in SmallFiles.names(in: folder) where file.hasSuffix(".key") {
      let key = try SigningKey(pem: SmallFiles.text("\(folder)/\(file)"))
      lines.append("\(file.dropLast(4)): \"\(Base64.encode(key.publicKey.raw))\"")
    }
    try SmallFiles.write(
      lines.joined(separator: "\n") + "\n", to: "\(folder)/\(trustedFile)", mode: 0o644)
    return made
  }

  /// The file of one caller's private key.
  static func keyFile(_ folder: String, _ name: String) -> String { "\(folder)/\(name).key" }

  private static func isName(_ text: String) -> Bool {
    (1...100).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
          || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
          || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      }
  }
}
