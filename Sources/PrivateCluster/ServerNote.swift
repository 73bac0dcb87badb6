/// What PostgreSQL writes about itself into `postmaster.pid`.
///
/// Lines: process, data folder, start, port, socket folder, listen address, shared memory, status.
struct ServerNote: Sendable, Equatable {
  /// The process of the server.
  let processID: Int32
  /// The folder of its socket; empty until it is made.
  let socketFolder: String
  private let dataFolder: String
  private let status: String

  /// Reads the note at a path; nil when there is none, or none with a process.
  init?(at path: String) {
    guard let text = Folders.text(of: path) else { return nil }
    self.init(text: text)
  }

  /// Reads a note.
  init?(text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      String(line.reversed().drop { $0 == " " }.reversed())
    }
    guard lines.count >= 2, let id = Int32(lines[0]), id > 1 else { return nil }
    processID = id
    dataFolder = lines[1]
    socketFolder = lines.count > 4 ? lines[4] : ""
    status = lines.count > 7 ? lines[7] : ""
  }

  /// Whether it takes sessions.
  var isReady: Bool { status == "ready" }

  /// Whether it is on its way out.
  var isStopping: Bool { status == "stopping" }

  /// Whether that process is a PostgreSQL over that data, and not another one with its number.
  func isRunning(data: String) -> Bool {
    guard dataFolder == data, let command = Folders.text(of: "/proc/\(processID)/cmdline") else {
      return false
    }
    let words = command.split(separator: "\0").map(String.init)
    return words.first?.hasSuffix("postgres") == true && words.contains(data)
  }
}
