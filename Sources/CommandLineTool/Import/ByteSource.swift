import Glibc

/// Reads a file piece by piece; `-` is the standard input.
final class ByteSource {
  /// How much is read at once, in bytes.
  static let pieceBytes = 1 << 20

  /// Bytes read so far.
  private(set) var bytesRead: Int64 = 0

  /// The size of the file, or 0 where it has none, as a pipe.
  let bytesDue: Int64

  private let path: String
  private let file: Int32

  /// Opens the file.
  init(path: String) throws(CommandError) {
    self.path = path
    file = path == "-" ? dup(0) : open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw CommandError("\(path): \(String(cString: strerror(errno)))") }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
      close(file)
      throw CommandError("\(path): is no file")
    }
    bytesDue = status.st_mode & S_IFMT == S_IFREG ? Int64(status.st_size) : 0
  }

  deinit { close(file) }

  /// The next piece; empty at the end.
  func next() throws(CommandError) -> [UInt8] {
    var failure: Int32 = 0
    let piece = [UInt8](unsafeUninitializedCapacity: Self.pieceBytes) { buffer, count in
      var result = read(file, buffer.baseAddress, buffer.count)
      while result < 0 && errno == EINTR { result = read(file, buffer.baseAddress, buffer.count) }
      if result < 0 { failure = errno }
      count = max(0, result)
    }
    guard failure == 0 else {
      throw CommandError("\(path): \(String(cString: strerror(failure)))")
    }
    bytesRead += Int64(piece.count)
    return piece
  }
}
