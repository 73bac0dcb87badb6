/// Why a contract is refused.
struct Refusal: Error {
  let message: String
}

/// The rules that keep a contract safe to decode and simple to implement.
struct ContractRules {
  private let messages: [String: ContractMessage]

  init(_ files: [ContractFile]) {
    var messages: [String: ContractMessage] = [:]
    func register(_ message: ContractMessage) {
      messages[message.fullName] = message
      message.nested.forEach(register)
    }
    for file in files {
      file.messages.forEach(register)
    }
    self.messages = messages
  }

  /// Refuses a file that breaks a rule, naming file, message and field.
  func check(_ file: ContractFile) throws(Refusal) {
    guard file.isProto3 else {
      throw Refusal(message: "\(file.name): only proto3 contracts are taken")
    }
    guard !file.declaresExtensions else {
      throw Refusal(message: "\(file.name): extensions are not supported")
    }
    for message in file.messages {
      try check(message, in: file)
    }
    for service in file.services {
      for method in service.methods where method.isStreaming {
        throw Refusal(
          message: "\(file.name): service \(service.name), method \(method.name): "
            + "streaming is not supported")
      }
    }
  }

  private func check(_ message: ContractMessage, in file: ContractFile) throws(Refusal) {
    for field in message.fields {
      try check(field, of: message, in: file)
    }
    for nested in message.nested where !nested.isMapEntry {
      try check(nested, in: file)
    }
  }

  private func check(
    _ field: ContractField, of message: ContractMessage, in file: ContractFile
  ) throws(Refusal) {
    let place = "\(file.name): message \(message.fullName.dropFirst()), field \(field.name)"
    if messages[field.typeName]?.isMapEntry == true {
      throw Refusal(message: "\(place): map is not supported, use repeated LabelPair")
    }
    if field.isProto3Optional {
      throw Refusal(message: "\(place): optional is not supported, wrap the value in a message")
    }
    if field.kind == .group {
      throw Refusal(message: "\(place): groups are not supported")
    }
    if field.isRequired {
      throw Refusal(message: "\(place): required is not supported")
    }
    if field.kind == .message, let way = way(from: field.typeName, to: message.fullName) {
      let names = ([message.fullName] + way).map { $0.split(separator: ".").last ?? "" }
      throw Refusal(
        message: "\(place): the message contains itself (\(names.joined(separator: " -> "))); "
          + "protobuf-c has no depth limit, so a few kilobytes of it would overflow the stack")
    }
  }

  /// The messages from one to another that is held in it at any depth.
  private func way(from start: String, to goal: String) -> [String]? {
    var seen: Set<String> = []
    func search(_ name: String) -> [String]? {
      if name == goal { return [name] }
      guard seen.insert(name).inserted, let message = messages[name] else { return nil }
      for field in message.fields where field.kind == .message {
        if let rest = search(field.typeName) { return [name] + rest }
      }
      return nil
    }
    return search(start)
  }
}
