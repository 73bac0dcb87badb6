import Foundation
import Nanomsg
@testable import RPC
import Testing

/// Frames that were recorded once and must be read for ever.
///
/// A release adds files and never changes one. `TIDEMARK_RECORD_GOLDEN=1` writes those that are
/// missing, as after a method was added.
@Suite("Golden frames")
struct GoldenTests {
  private static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "proto/golden")

  private static let isRecording =
    ProcessInfo.processInfo.environment["TIDEMARK_RECORD_GOLDEN"] != nil

  /// One recorded frame: a request or an answer of a method.
  struct Recording: Sendable, CustomStringConvertible {
    let method: String
    let isRequest: Bool

    var fileName: String {
      let name = method.replacing("tidemark.v1.", with: "").replacing("/", with: ".")
      return "\(name).\(isRequest ? "request" : "answer").frame"
    }

    var description: String { fileName }
  }

  static let recordings = RPCInspector.knownMethods.flatMap {
    [Recording(method: $0, isRequest: true), Recording(method: $0, isRequest: false)]
  }

  @Test("a recorded frame is read, and written again to the byte", arguments: recordings)
  func replay(recording: Recording) throws {
    let file = Self.folder.appending(path: recording.fileName)
    if Self.isRecording, !FileManager.default.fileExists(atPath: file.path) {
      try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
      try Data(frame(recording)).write(to: file)
    }
    let bytes = try [UInt8](Data(contentsOf: file))
    let (header, payload) = try parts(of: bytes)
    let method = try #require(ContractCatalogue.methods[recording.method])
    let schema = recording.isRequest ? method.input : method.output
    #expect(try schema.layout.repacked(payload) == payload)
    if recording.isRequest {
      let read = try RequestHeader(wireBytes: header)
      #expect(read.method == recording.method)
      #expect(try read.wireBytes() == header)
      #expect(try reframed(read, payload) == bytes)
      #expect(try parts(of: frame(recording)).header == header)
    } else {
      let read = try ResponseHeader(wireBytes: header)
      #expect(try reframed(read, payload) == bytes)
    }
  }

  @Test("every recorded file belongs to a method that is still served")
  func nothingIsForgotten() throws {
    let known = Set(Self.recordings.map(\.fileName))
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
    for file in files where file.hasSuffix(".frame") {
      #expect(known.contains(file), "\(file)")
    }
  }

  private func parts(of frame: [UInt8]) throws -> (header: [UInt8], payload: [UInt8]) {
    try frame.withUnsafeBytes { buffer in
      let parts = try Frame.Parts(buffer)
      return (Array(parts.header), Array(parts.payload))
    }
  }

  private func reframed(_ header: some WireMessage, _ payload: [UInt8]) throws -> [UInt8] {
    let message = try withArena { arena throws(WireError) in
      try Frame.message(header: PackedMessage(header, in: arena), payloadBytes: payload)
    }
    return message.withBytes { Array($0) }
  }

  /// A frame whose every field holds something.
  private func frame(_ recording: Recording) throws -> [UInt8] {
    let method = try #require(ContractCatalogue.methods[recording.method])
    guard recording.isRequest else {
      return try reframed(ResponseHeader(), try sample(method.output))
    }
    let id = (0..<16 as Range<UInt8>).map { $0 }.withUnsafeBytes { RequestID($0) }
    let call = OutgoingCall(
      RPCMethod(method.name, isIdempotent: true), requestID: try #require(id),
      deadline: Deadline(unixMicroseconds: 1_700_000_000_000_000),
      trace: try #require(
        TraceContext(traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")),
      options: CallOptions(
        metadata: ["authorization": "Bearer abc", "zone": "Europe/Berlin"]))
    let envelope = RequestEnvelope(call: call, attempt: 2, callerToken: "t1.x")
    return try envelope.frame(packed: try sample(method.input)).withBytes { Array($0) }
  }

  private func sample(_ schema: MessageSchema) throws -> [UInt8] {
    var writer = WireWriter()
    for field in schema.fields {
      for index in 0..<(field.isRepeated ? 2 : 1) {
        try write(field, UInt64(field.number) + UInt64(index), to: &writer)
      }
    }
    return try schema.layout.repacked(writer.bytes)
  }

  private func write(
    _ field: MessageSchema.Field, _ value: UInt64, to writer: inout WireWriter
  ) throws {
    switch field.kind {
    case .signedVarint, .unsignedVarint, .zigzag, .bool, .enumeration:
      writer.tag(field.number, .varint)
      if case .bool = field.kind { writer.varint(1) } else { writer.varint(value) }
    case .fixedSigned(let bits), .fixedUnsigned(let bits):
      writer.tag(field.number, bits == 32 ? .fourBytes : .eightBytes)
      writer.fixed(value, bits: bits)
    case .float:
      writer.tag(field.number, .fourBytes)
      writer.fixed(UInt64(Float(value).bitPattern), bits: 32)
    case .double:
      writer.tag(field.number, .eightBytes)
      writer.fixed((Double(value) + 0.5).bitPattern, bits: 64)
    case .text:
      writer.tag(field.number, .lengthPrefixed)
      writer.lengthPrefixed(Array("größe \(value)".utf8))
    case .bytes:
      writer.tag(field.number, .lengthPrefixed)
      writer.lengthPrefixed((0..<16).map { UInt8(truncatingIfNeeded: value) &+ $0 })
    case .message(let inner):
      writer.tag(field.number, .lengthPrefixed)
      writer.lengthPrefixed(try sample(inner))
    }
  }
}
