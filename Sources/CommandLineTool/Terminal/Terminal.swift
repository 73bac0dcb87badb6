import Glibc
import ServiceRuntime

/// Where a command writes: answers to the standard output, all else to the standard error.
struct Terminal: Sendable {
  /// Writes what was asked for.
  let write: @Sendable (String) -> Void

  /// Writes what only a person needs: progress, faults.
  let writeAside: @Sendable (String) -> Void

  /// Whether a line on the standard error can be drawn over.
  let isInteractive: Bool

  /// The terminal of this process.
  static let process = Terminal(
    write: { StandardOutput.write($0) },
    writeAside: { text in
      var rest = Array(text.utf8)[...]
      while !rest.isEmpty {
        let written = rest.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
        if written < 0 && errno == EINTR { continue }
        guard written > 0 else { return }
        rest = rest.dropFirst(written)
      }
    },
    isInteractive: isatty(2) == 1)

  /// Writes one line of an answer.
  func line(_ text: String = "") { write(text + "\n") }

  /// Writes one line aside.
  func note(_ text: String) { writeAside(text + "\n") }
}
