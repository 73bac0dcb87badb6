internal import Glibc

/// The check that bytes pass before protobuf-c may unpack them.
///
/// protobuf-c hands out strings as C strings: it checks no UTF-8, and a zero byte would silently
/// cut a string. It also has no limits. So the bytes are walked once with the message's layout.
/// Contracts cannot be recursive (the generator refuses that), which bounds the walk's depth.
enum WireDecoding {
  /// The longest string, unless ``limits`` says less.
  static let textBytesLimit = 64 << 10

  /// The most entries of one repeated string or message, unless ``limits`` says less.
  static let listCountLimit = 200_000

  /// The most entries of a packed list of numbers: 200,000 rows are the largest batch.
  static let numberCountLimit = 400_000

  /// Limits of single fields: bytes of a string, entries of a list.
  static let limits: [String: Int] = [
    "tidemark.v1.LabelPair.name": 128,
    "tidemark.v1.LabelPair.value": 4_096,
    "tidemark.v1.RequestHeader.metadata": 64,
    "tidemark.v1.ResponseHeader.details": 64,
    "tidemark.v1.ResponseHeader.metadata": 64,
    "tidemark.v1.HealthListResponse.services": 100,
    "tidemark.v1.Customer.external_id": 200,
    "tidemark.v1.Customer.name": 200,
    "tidemark.v1.Customer.segment": 100,
    "tidemark.v1.Customer.region": 100,
    "tidemark.v1.Metric.name": 50,
    "tidemark.v1.Metric.dimensions": 8,
    "tidemark.v1.Metric.unit": 30,
    "tidemark.v1.Metric.display_name": 100,
    "tidemark.v1.PointBatch.customers": 100_000,
    "tidemark.v1.PointBatch.customer_index": 200_000,
    "tidemark.v1.PutPointsRequest.source": 100,
    "tidemark.v1.PutPointsResponse.faults": 1_000,
    "tidemark.v1.PutCustomersRequest.customers": 10_000,
    "tidemark.v1.PutMetricsRequest.metrics": 10_000,
    "tidemark.v1.EvidenceBatch.customer_index": 1_200,
    "tidemark.v1.Finding.tests": 64,
    "tidemark.v1.TransitionRequest.reason": 2_000,
    "tidemark.v1.TransitionRequest.comment": 4_000,
  ]

  /// Refuses bytes that are not a sound message of this layout.
  static func check(
    _ bytes: UnsafeRawBufferPointer, against layout: WireLayout
  ) throws(WireError) {
    guard !bytes.isEmpty else { return }
    try check(bytes, against: layout.plan)
  }

  private static func check(
    _ bytes: UnsafeRawBufferPointer, against plan: WirePlan
  ) throws(WireError) {
    var cursor = WireCursor(bytes)
    // One counter a field; most messages are small, so this stays on the stack.
    let outcome = withUnsafeTemporaryAllocation(of: Int.self, capacity: plan.fields.count) {
      counts -> Result<Void, WireError> in
      counts.initialize(repeating: 0)
      return Result { () throws(WireError) in
        while !cursor.isAtEnd {
          try checkField(&cursor, plan, counts)
        }
      }
    }
    try outcome.get()
  }

  private static func checkField(
    _ cursor: inout WireCursor, _ plan: WirePlan, _ counts: UnsafeMutableBufferPointer<Int>
  ) throws(WireError) {
    let (number, wireType) = try cursor.tag(of: plan.name)
    let index = plan.index(ofField: number)
    guard wireType == .lengthPrefixed else {
      try cursor.skip(wireType, in: plan.name)
      if let index { try count(1, index, plan, counts) }
      return
    }
    let content = try cursor.lengthPrefixed(in: plan.name)
    guard let index else { return }
    let field = plan.fields[index]
    switch field.content {
    case .text:
      try count(1, index, plan, counts)
      try checkText(content, field)
    case .bytes:
      try count(1, index, plan, counts)
    case .message(let inner):
      try count(1, index, plan, counts)
      try check(content, against: inner)
    case .numbers(let leastBytes):
      try count(content.count / leastBytes, index, plan, counts)
    }
  }

  private static func count(
    _ added: Int, _ index: Int, _ plan: WirePlan, _ counts: UnsafeMutableBufferPointer<Int>
  ) throws(WireError) {
    let field = plan.fields[index]
    guard field.isRepeated else { return }
    counts[index] += added
    guard counts[index] <= field.countLimit else {
      throw WireError(.tooLarge, field: field.name, "more than \(field.countLimit) entries")
    }
  }

  private static func checkText(
    _ content: UnsafeRawBufferPointer, _ field: WirePlan.Field
  ) throws(WireError) {
    guard content.count <= field.textLimit else {
      throw WireError(.tooLarge, field: field.name, "longer than \(field.textLimit) bytes")
    }
    // Nearly all text is plain; eight bytes a step.
    if isPlain(content) { return }
    guard let start = content.baseAddress else { return }
    guard memchr(start, 0, content.count) == nil else {
      throw WireError(.embeddedZero, field: field.name, "holds a zero byte")
    }
    let text = UnsafeBufferPointer(
      start: start.assumingMemoryBound(to: UInt8.self), count: content.count)
    guard String(validating: text, as: UTF8.self) != nil else {
      throw WireError(.invalidText, field: field.name, "is not UTF-8")
    }
  }

  /// Whether the bytes are all ASCII and none is zero.
  private static func isPlain(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let (ones, highs) = (0x0101_0101_0101_0101 as UInt64, 0x8080_8080_8080_8080 as UInt64)
    var offset = 0
    while offset + 8 <= bytes.count {
      let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      // The subtraction carries into a byte's high bit where the byte is zero.
      guard (word | (word &- ones)) & highs == 0 else { return false }
      offset += 8
    }
    return bytes[offset...].allSatisfy { $0 != 0 && $0 < 0x80 }
  }
}
