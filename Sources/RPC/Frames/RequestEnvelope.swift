internal import CProtobufC
internal import CTidemarkProto
internal import Glibc
internal import Nanomsg

/// The header of one attempt of a call, on its way out.
///
/// Every call passes here, so it is written into protobuf-c's struct at once: the generated
/// `RequestHeader` on the way would cost an allocation a field.
struct RequestEnvelope {
  let call: OutgoingCall
  let attempt: Int
  let callerToken: String

  /// Packs the header before a payload.
  func frame(_ payload: some WireMessage) throws(WireError) -> NanomsgMessage {
    try withArena { arena throws(WireError) in
      try Frame.message(
        header: PackedMessage(encode(into: arena)), payload: PackedMessage(payload, in: arena))
    }
  }

  /// Packs the header before a payload that is packed already.
  func frame(packed payload: [UInt8]) throws(WireError) -> NanomsgMessage {
    try withArena { arena throws(WireError) in
      try Frame.message(header: PackedMessage(encode(into: arena)), payloadBytes: payload)
    }
  }

  private func encode(into arena: WireArena) throws(WireError) -> WireTarget {
    let header = try arena.allocate(Tidemark__V1__RequestHeader.self, 1)
    tidemark__v1__request_header__init(header)
    header.pointee.method = try arena.string(call.method.name, "tidemark.v1.RequestHeader.method")
    header.pointee.deadline_unix_us = call.deadline.unixMicroseconds
    let id = try arena.allocate(UInt8.self, RequestID.byteCount)
    call.requestID.write(to: id)
    header.pointee.request_id = ProtobufCBinaryData(len: RequestID.byteCount, data: id)
    let traceparent = try arena.allocate(UInt8.self, TraceContext.byteCount + 1)
    call.trace.write(
      to: UnsafeMutableBufferPointer(start: traceparent, count: TraceContext.byteCount))
    traceparent[TraceContext.byteCount] = 0
    header.pointee.traceparent = UnsafeMutableRawPointer(traceparent)
      .assumingMemoryBound(to: CChar.self)
    if !call.trace.state.isEmpty {
      header.pointee.tracestate = try arena.string(
        call.trace.state, "tidemark.v1.RequestHeader.tracestate")
    }
    if !callerToken.isEmpty {
      header.pointee.caller_token = try arena.string(
        callerToken, "tidemark.v1.RequestHeader.caller_token")
    }
    if !call.options.metadata.isEmpty {
      let pairs = LabelPair.pairs(call.options.metadata)
      header.pointee.metadata = try arena.messages(pairs)
      header.pointee.n_metadata = pairs.count
    }
    header.pointee.attempt = UInt32(clamping: attempt)
    return WireTarget(header)
  }
}

/// The header of a request that came in, borrowed from protobuf-c's struct.
struct BorrowedRequestHeader {
  private let header: UnsafePointer<Tidemark__V1__RequestHeader>
  private let source: WireSource

  init(_ source: WireSource) {
    self.source = source
    self.header = source.pointer(as: Tidemark__V1__RequestHeader.self)
  }

  /// The method's name, as a C string.
  var methodName: UnsafePointer<CChar>? { UnsafePointer(header.pointee.method) }

  var deadline: Deadline { Deadline(unixMicroseconds: header.pointee.deadline_unix_us) }

  var requestID: RequestID? {
    let id = header.pointee.request_id
    return RequestID(UnsafeRawBufferPointer(start: id.data, count: id.len))
  }

  /// Where the caller stands in its trace; nil when it sent none.
  var trace: TraceContext? {
    guard let text = header.pointee.traceparent, text.pointee != 0 else { return nil }
    let bytes = UnsafeRawBufferPointer(start: text, count: strlen(text))
    return bytes.withMemoryRebound(to: UInt8.self) {
      TraceContext(traceparent: $0, state: source.string(header.pointee.tracestate))
    }
  }

  var callerToken: String { source.string(header.pointee.caller_token) }

  var metadata: [String: String] {
    guard header.pointee.n_metadata > 0 else { return [:] }
    return LabelPair.values(
      source.messages(header.pointee.metadata, header.pointee.n_metadata))
  }

  var attempt: Int { Int(header.pointee.attempt) }
}
