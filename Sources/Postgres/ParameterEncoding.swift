/// Bytes of parameters one after the other, in network byte order.
struct ParameterBuffer {
  private(set) var bytes: [UInt8] = []

  mutating func reserve(_ count: Int) { bytes.reserveCapacity(bytes.count + count) }

  mutating func append<Number: FixedWidthInteger>(_ number: Number) {
    withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func append(_ more: some Collection<UInt8>) { bytes.append(contentsOf: more) }

  /// Appends a value and returns its length, or nil for null.
  mutating func append(_ value: PostgresValue) -> Int? {
    let start = bytes.count
    switch value {
    case .null: return nil
    case .bool(let flag): append(UInt8(flag ? 1 : 0))
    case .int16(let number): append(number)
    case .int32(let number): append(number)
    case .int64(let number): append(number)
    case .double(let number): append(number.bitPattern)
    case .text(let text): append(text.utf8)
    case .bytes(let content): append(content)
    case .uuid(let high, let low):
      append(high)
      append(low)
    case .timestamp(let microseconds): append(microseconds - PostgresValue.epochUnixMicroseconds)
    default: appendArray(value)
    }
    return bytes.count - start
  }

  private mutating func appendArray(_ value: PostgresValue) {
    switch value {
    case .boolArray(let flags):
      fixedArray(flags, element: 16, width: 1) { $0.append(UInt8($1 ? 1 : 0)) }
    case .int16Array(let numbers): fixedArray(numbers, element: 21, width: 2) { $0.append($1) }
    case .int32Array(let numbers): fixedArray(numbers, element: 23, width: 4) { $0.append($1) }
    case .int64Array(let numbers): fixedArray(numbers, element: 20, width: 8) { $0.append($1) }
    case .doubleArray(let numbers):
      fixedArray(numbers, element: 701, width: 8) { $0.append($1.bitPattern) }
    case .uuidArray(let ids):
      fixedArray(ids, element: 2950, width: 16) {
        $0.append($1.high)
        $0.append($1.low)
      }
    case .timestampArray(let times):
      fixedArray(times, element: 1184, width: 8) {
        $0.append($1 - PostgresValue.epochUnixMicroseconds)
      }
    case .textArray(let texts):
      header(element: 25, count: texts.count)
      for text in texts {
        append(Int32(text.utf8.count))
        append(text.utf8)
      }
    case .bytesArray(let contents):
      header(element: 17, count: contents.count)
      for content in contents {
        append(Int32(content.count))
        append(content)
      }
    default: preconditionFailure("scalars are appended above")
    }
  }

  private mutating func header(element: UInt32, count: Int) {
    append(Int32(count == 0 ? 0 : 1))  // dimensions
    append(Int32(0))  // no nulls
    append(element)
    if count == 0 { return }
    append(Int32(count))
    append(Int32(1))  // lower bound
  }

  private mutating func fixedArray<Element>(
    _ elements: [Element], element type: UInt32, width: Int32,
    _ put: (inout ParameterBuffer, Element) -> Void
  ) {
    reserve(20 + elements.count * Int(4 + width))
    header(element: type, count: elements.count)
    for element in elements {
      append(width)
      put(&self, element)
    }
  }
}
