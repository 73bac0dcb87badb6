import JSON
import SeriesModel

/// Where two records differ.
enum RecordDifference {
  /// Each place with both values, in the order of the first record.
  static func paths(_ stored: JSONValue, _ now: JSONValue, at path: String = "") -> [String] {
    if stored == now { return [] }
    if let left = stored.objectValue, let right = now.objectValue {
      let keys = left.keys + right.keys.filter { left[$0] == nil }
      return keys.flatMap { key in
        paths(
          left[key] ?? .null, right[key] ?? .null, at: path.isEmpty ? key : "\(path).\(key)")
      }
    }
    if let left = stored.arrayValue, let right = now.arrayValue, left.count == right.count {
      return left.indices.flatMap { paths(left[$0], right[$0], at: "\(path)[\($0)]") }
    }
    return ["\(path): was \(oneLine(short(stored))), is \(oneLine(short(now)))"]
  }

  private static func short(_ value: JSONValue) -> String {
    let text = value.encoded()
    return text.count > 60 ? "\(text.prefix(60))..." : text
  }
}
