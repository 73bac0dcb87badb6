internal import CYAML

/// libyaml's event parser, read into nodes.
final class YAMLParser {
  private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
  private let input: UnsafeMutableBufferPointer<UInt8>
  private let limits: YAMLLimits
  private var nodeCount = 0

  init(bytes: [UInt8], limits: YAMLLimits) throws(YAMLError) {
    self.limits = limits
    // libyaml keeps the pointer for the parser's whole life.
    input = .allocate(capacity: bytes.count)
    _ = input.initialize(from: bytes)
    guard yaml_parser_initialize(parser) == 1 else {
      preconditionFailure("libyaml had no memory for a parser")
    }
    // Without this libyaml would take UTF-16 after a byte order mark.
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, input.baseAddress, input.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
    input.deallocate()
  }

  func parseDocument() throws(YAMLError) -> YAMLNode {
    try discardEvent()  // the start of the stream
    let event = try nextEvent()
    guard case .other(let kind) = event.kind, kind == YAML_DOCUMENT_START_EVENT else {
      return YAMLNode(.mapping([]), line: 1, column: 1)
    }
    let root = try parseNode(from: try nextEvent(), depth: 0)
    try discardEvent()  // the end of the document
    let after = try nextEvent()
    guard case .other(let kind) = after.kind, kind == YAML_STREAM_END_EVENT else {
      throw after.fault(.notAccepted, "a second document")
    }
    return root.isNull ? YAMLNode(.mapping([]), line: root.line, column: root.column) : root
  }

  private func parseNode(from event: Event, depth: Int) throws(YAMLError) -> YAMLNode {
    nodeCount += 1
    guard nodeCount <= limits.nodeLimit else {
      throw event.fault(.tooLarge, "more than \(limits.nodeLimit) nodes")
    }
    guard depth <= limits.depthLimit else {
      throw event.fault(.tooDeep, "nested deeper than \(limits.depthLimit)")
    }
    switch event.kind {
    case .scalar(let text, let isPlain):
      return YAMLNode(.scalar(text, isPlain: isPlain), line: event.line, column: event.column)
    case .sequenceStart:
      var elements: [YAMLNode] = []
      while true {
        let next = try nextEvent()
        if case .sequenceEnd = next.kind { break }
        elements.append(try parseNode(from: next, depth: depth + 1))
      }
      return YAMLNode(.sequence(elements), line: event.line, column: event.column)
    case .mappingStart: return try parseMapping(from: event, depth: depth)
    case .alias: throw event.fault(.notAccepted, "an alias; write the value out")
    case .sequenceEnd, .mappingEnd, .other: throw event.fault(.badSyntax, "no value begins here")
    }
  }

  private func parseMapping(from event: Event, depth: Int) throws(YAMLError) -> YAMLNode {
    var entries: [YAMLNode.Entry] = []
    var keys: Set<String> = []
    while true {
      let next = try nextEvent()
      if case .mappingEnd = next.kind { break }
      guard case .scalar(let key, let isPlain) = next.kind else {
        throw next.fault(.badKey, "a key must be a word")
      }
      guard !(isPlain && key == "<<") else {
        throw next.fault(.notAccepted, "a merge key; write the entries out")
      }
      guard keys.insert(key).inserted else {
        throw next.fault(.repeatedKey, "the key \"\(key.prefix(100))\" stands twice")
      }
      let value = try parseNode(from: try nextEvent(), depth: depth + 1)
      entries.append(
        YAMLNode.Entry(key: key, line: next.line, column: next.column, value: value))
    }
    return YAMLNode(.mapping(entries), line: event.line, column: event.column)
  }

  private func discardEvent() throws(YAMLError) { _ = try nextEvent() }

  private func nextEvent() throws(YAMLError) -> Event {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw parserFault() }
    defer { yaml_event_delete(&event) }
    return try Event(event)
  }

  private func parserFault() -> YAMLError {
    let state = parser.pointee
    let problem = state.problem.map { String(cString: $0) } ?? "not readable"
    // The reader reports no mark of its own, only where the scanner stood.
    let mark = state.error == YAML_READER_ERROR ? state.mark : state.problem_mark
    return YAMLError(.badSyntax, line: Int(mark.line) + 1, column: Int(mark.column) + 1, problem)
  }
}

/// An event copied out of libyaml's memory.
private struct Event {
  enum Kind {
    case scalar(String, isPlain: Bool)
    case sequenceStart, sequenceEnd, mappingStart, mappingEnd, alias
    case other(yaml_event_type_t)
  }

  let kind: Kind
  let line: Int
  let column: Int

  init(_ event: yaml_event_t) throws(YAMLError) {
    line = Int(event.start_mark.line) + 1
    column = Int(event.start_mark.column) + 1
    let tag: UnsafeMutablePointer<UInt8>?
    let anchor: UnsafeMutablePointer<UInt8>?
    switch event.type {
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      (tag, anchor) = (scalar.tag, scalar.anchor)
      let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      kind = .scalar(
        String(decoding: bytes, as: UTF8.self), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
    case YAML_SEQUENCE_START_EVENT:
      (tag, anchor) = (event.data.sequence_start.tag, event.data.sequence_start.anchor)
      kind = .sequenceStart
    case YAML_MAPPING_START_EVENT:
      (tag, anchor) = (event.data.mapping_start.tag, event.data.mapping_start.anchor)
      kind = .mappingStart
    case YAML_SEQUENCE_END_EVENT: (tag, anchor, kind) = (nil, nil, .sequenceEnd)
    case YAML_MAPPING_END_EVENT: (tag, anchor, kind) = (nil, nil, .mappingEnd)
    case YAML_ALIAS_EVENT: (tag, anchor, kind) = (nil, nil, .alias)
    default: (tag, anchor, kind) = (nil, nil, .other(event.type))
    }
    guard anchor == nil else { throw fault(.notAccepted, "an anchor; write the value out") }
    guard tag == nil else { throw fault(.notAccepted, "a tag") }
  }

  func fault(_ code: YAMLError.Code, _ detail: String) -> YAMLError {
    YAMLError(code, line: line, column: column, detail)
  }
}
