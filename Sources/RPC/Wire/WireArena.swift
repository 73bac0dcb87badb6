internal import CArena
package import CProtobufC
internal import Glibc

/// The memory of one message while protobuf-c reads or writes it.
///
/// Capped: a small frame of many empty sub-messages would otherwise grow eighty times in memory.
public struct WireArena {
  /// The most that one message may take while it is read or written.
  public static let byteLimit = 16 << 20

  fileprivate let arena: OpaquePointer

  fileprivate init?(adopting arena: OpaquePointer?) {
    guard let arena else { return nil }
    self.arena = arena
  }

  /// How much is given out, in bytes.
  var usedBytes: Int { tidemark_arena_used(arena) }

  var allocator: UnsafeMutablePointer<ProtobufCAllocator> { tidemark_arena_allocator(arena) }

  @usableFromInline
  package func allocateBytes(_ count: Int) throws(WireError) -> UnsafeMutableRawPointer {
    guard let memory = tidemark_arena_allocate(arena, count) else {
      throw WireError(.tooLarge, "a message needs more than \(Self.byteLimit) bytes")
    }
    return memory
  }

  @inlinable
  package func allocate<Element>(
    _ type: Element.Type, _ count: Int
  ) throws(WireError) -> UnsafeMutablePointer<Element> {
    try allocateBytes(count * MemoryLayout<Element>.stride).bindMemory(to: type, capacity: count)
  }

  package func string(
    _ text: String, _ field: StaticString
  ) throws(WireError) -> UnsafeMutablePointer<CChar> {
    let count = text.utf8.count
    let memory = try allocate(CChar.self, count + 1)
    var hasZero = false
    var copy = text
    copy.withUTF8 { utf8 in
      let target = UnsafeMutableRawBufferPointer(start: memory, count: count)
      target.copyMemory(from: UnsafeRawBufferPointer(utf8))
      hasZero = memchr(memory, 0, count) != nil
    }
    guard !hasZero else {
      throw WireError(.embeddedZero, field: "\(field)", "holds a zero byte")
    }
    memory[count] = 0
    return memory
  }

  package func bytes(_ bytes: [UInt8]) throws(WireError) -> ProtobufCBinaryData {
    ProtobufCBinaryData(len: bytes.count, data: try copy(bytes))
  }

  @inlinable
  package func copy<Element: BitwiseCopyable>(
    _ elements: [Element]
  ) throws(WireError) -> UnsafeMutablePointer<Element>? {
    guard !elements.isEmpty else { return nil }
    let memory = try allocate(Element.self, elements.count)
    elements.withUnsafeBytes {
      UnsafeMutableRawPointer(memory).copyMemory(
        from: $0.baseAddress ?? UnsafeRawPointer(memory), byteCount: $0.count)
    }
    return memory
  }

  @inlinable
  package func message<CMessage>(
    _ message: some WireMessage
  ) throws(WireError) -> UnsafeMutablePointer<CMessage> {
    try message.encode(into: self).pointer.assumingMemoryBound(to: CMessage.self)
  }

  @inlinable
  package func messages<CMessage>(
    _ messages: [some WireMessage]
  ) throws(WireError) -> UnsafeMutablePointer<UnsafeMutablePointer<CMessage>?>? {
    guard !messages.isEmpty else { return nil }
    let list = try allocate(UnsafeMutablePointer<CMessage>?.self, messages.count)
    for (index, each) in messages.enumerated() {
      (list + index).initialize(to: try message(each))
    }
    return list
  }

  package func strings(
    _ strings: [String], _ field: StaticString
  ) throws(WireError) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
    guard !strings.isEmpty else { return nil }
    let list = try allocate(UnsafeMutablePointer<CChar>?.self, strings.count)
    for (index, each) in strings.enumerated() {
      (list + index).initialize(to: try string(each, field))
    }
    return list
  }

  package func byteStrings(
    _ strings: [[UInt8]]
  ) throws(WireError) -> UnsafeMutablePointer<ProtobufCBinaryData>? {
    guard !strings.isEmpty else { return nil }
    let list = try allocate(ProtobufCBinaryData.self, strings.count)
    for (index, each) in strings.enumerated() {
      (list + index).initialize(to: try bytes(each))
    }
    return list
  }
}

/// Lends an arena to the body and takes back all that it gave out.
///
/// Each thread keeps one arena, so that its first block is made once; a body within a body gets a
/// new one.
func withArena<Result: ~Copyable>(
  _ body: (WireArena) throws(WireError) -> Result
) throws(WireError) -> Result {
  guard let arena = WireArena(adopting: tidemark_arena_borrow(WireArena.byteLimit)) else {
    throw WireError(.tooLarge, "no memory for a message")
  }
  defer { tidemark_arena_give_back(arena.arena) }
  return try body(arena)
}
