internal import CBenchmarkFloors
import Glibc

/// numpy over the same points, where a Python with numpy is named by TIDEMARK_NUMPY_PYTHON.
enum NumpyPeer {
  private static let script = "Benchmarks/numpy-peer/rolling_z.py"

  /// The processor seconds of one pass; nil where there is no numpy.
  static func seconds(_ work: Workload, rounds: Int) -> Double? {
    guard let python = getenv("TIDEMARK_NUMPY_PYTHON").map({ String(cString: $0) }),
      let path = points(work)
    else { return nil }
    defer { unlink(path) }
    let words = [script, path, "\(work.seriesCount)", "\(work.days)", "\(rounds)"]
    var pointers = words.map { UnsafePointer(strdup($0)) }
    pointers.append(nil)
    defer { pointers.forEach { free(UnsafeMutablePointer(mutating: $0)) } }
    var line = [CChar](repeating: 0, count: 256)
    // One thread, as all that it stands beside.
    setenv("OMP_NUM_THREADS", "1", 1)
    let process = benchmark_spawn(python, pointers, &line, line.count)
    guard process > 0 else { return nil }
    benchmark_end(process)
    let bytes = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return String(decoding: bytes, as: UTF8.self).split(separator: " ").first.flatMap { Double($0) }
  }

  /// Writes the points; gives the path of their file.
  private static func points(_ work: Workload) -> String? {
    var template = Array("/tmp/tidemark-bench-XXXXXX\0".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    let bytes = work.values.withUnsafeBytes { Array($0) }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        write(descriptor, $0.baseAddress.unsafelyUnwrapped + written, bytes.count - written)
      }
      guard count > 0 else { return nil }
      written += count
    }
    let path = template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return String(decoding: path, as: UTF8.self)
  }
}
