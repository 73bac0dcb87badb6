internal import Glibc

/// The methods of a server, to be found by the name in a request without making a string of it.
struct MethodTable: Sendable {
  /// A method with what is asked of it for every call.
  struct Entry: Sendable {
    let handler: RPCMethodHandler
    /// Whether it belongs to Meta, which no limit refuses.
    let isMeta: Bool
    fileprivate let name: [CChar]
  }

  /// In order of their names' bytes.
  private let entries: [Entry]

  /// - Precondition: No method is served twice.
  init(_ handlers: [RPCMethodHandler], metaPrefix: String) {
    entries = handlers.map { handler in
      Entry(
        handler: handler, isMeta: handler.method.name.hasPrefix(metaPrefix),
        name: Array(handler.method.name.utf8CString))
    }
    .sorted { strcmp($0.name, $1.name) < 0 }
    for (entry, next) in zip(entries, entries.dropFirst()) {
      precondition(
        strcmp(entry.name, next.name) != 0, "a method is served once: \(entry.handler.method.name)")
    }
  }

  /// Full names of all methods.
  var names: [String] { entries.map(\.handler.method.name) }

  /// The method of this name, a C string; nil when it is not served.
  func entry(named name: UnsafePointer<CChar>?) -> Entry? {
    guard let name else { return nil }
    var range = entries.startIndex..<entries.endIndex
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      let order = strcmp(name, entries[middle].name)
      if order == 0 { return entries[middle] }
      range = order < 0 ? range.lowerBound..<middle : middle + 1..<range.upperBound
    }
    return nil
  }
}
