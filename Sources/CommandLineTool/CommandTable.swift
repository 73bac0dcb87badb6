/// Every subcommand of `tidemark`, in the order of the help.
enum CommandTable {
  /// The table.
  static let commands: [Command] = [
    Command(
      "keys", ["generate", "FOLDER", "NAME..."],
      summary: "Makes the keys by which services know each other, and the file of those trusted.",
      run: generateKeys),
    Command(
      "setup",
      summary: "Makes database, roles, schemas and passwords; may be repeated.",
      run: setUpDatabase),
    Command(
      "cluster", switches: ["throw-away"],
      summary: "Runs a private PostgreSQL in a folder until SIGTERM and prints its address.",
      run: runCluster),
  ]
}
