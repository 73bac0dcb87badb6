internal import CMicrohttpd

/// What libmicrohttpd 0.9.75 leaves to its user: which requests are framed in one way only.
enum HTTPFraming {
  private final class Collector {
    var fields: [HTTPHeaders.Field] = []
    var isBroken = false
  }

  /// All header fields, or nil when one is no UTF-8 or holds a control character.
  static func headers(of connection: OpaquePointer) -> HTTPHeaders? {
    let collector = Collector()
    MHD_get_connection_values(
      connection, MHD_ValueKind.HEADER_KIND,
      { context, _, name, value in
        guard let context else { return .NO }
        let collector = Unmanaged<Collector>.fromOpaque(context).takeUnretainedValue()
        guard let name = name.flatMap({ String(validatingCString: $0) }), HTTPFraming.isToken(name),
          let value = value.map({ String(validatingCString: $0) }) ?? "",
          !value.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7f })
        else {
          collector.isBroken = true
          return .NO
        }
        collector.fields.append(HTTPHeaders.Field(name: name, value: value))
        return .YES
      }, Unmanaged.passUnretained(collector).toOpaque())
    return collector.isBroken ? nil : HTTPHeaders(collector.fields)
  }

  /// Why a request must not go on, or nil; the declared length of its body comes with it.
  static func fault(in headers: HTTPHeaders) -> (fault: HTTPFault?, length: Int?) {
    let lengths = headers.values("Content-Length")
    let codings = headers.values("Transfer-Encoding")
    guard lengths.count <= 1, codings.count <= 1, lengths.isEmpty || codings.isEmpty,
      headers.values("Host").count <= 1
    else { return (.ambiguousFraming, nil) }
    if let coding = codings.first, coding.lowercased() != "chunked" {
      return (.ambiguousFraming, nil)
    }
    guard let length = lengths.first else { return (nil, nil) }
    guard !length.isEmpty, length.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return (.ambiguousFraming, nil)
    }
    // Digits that overflow an Int are a length that no body reaches.
    return (nil, Int(length) ?? Int.max)
  }

  /// RFC 9110's token: a space before the colon is what smuggling is made of.
  private static func isToken(_ name: String) -> Bool {
    !name.isEmpty
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }
}
