internal import CProtobufC
internal import CProtocPlugin
internal import Glibc

/// One file that the generator made.
struct GeneratedFile {
  let name: String
  let content: String
}

/// Checks all contracts and makes the Swift of those that are asked for.
func generate(
  _ request: Tidemark__Plugin__GeneratorRequest
) throws(Refusal) -> [GeneratedFile] {
  let files = list(request.proto_file, request.n_proto_file).map { ContractReader($1).file() }
  let modules = try modules(fromParameter: text(request.parameter))
  let wanted = Set(
    UnsafeBufferPointer(start: request.file_to_generate, count: request.n_file_to_generate)
      .map { text($0) })
  let rules = ContractRules(files)
  let names = NameTable(files, modules: modules)
  var generated: [GeneratedFile] = []
  for file in files where wanted.contains(file.name) {
    try rules.check(file)
    guard let module = modules[file.name] else {
      throw Refusal(message: "\(file.name): no module given, pass --tidemark_opt=M\(file.name)=…")
    }
    var writer = SwiftWriter(file: file, module: module, names: names)
    let stem = file.name.split(separator: "/").last?.split(separator: ".").first ?? ""
    generated.append(
      GeneratedFile(name: "\(module)/\(stem).pb.swift", content: try writer.swift()))
  }
  return generated
}

/// Reads `Mpath/of.proto=Module` entries, as protoc's other plugins spell them.
private func modules(fromParameter parameter: String) throws(Refusal) -> [String: String] {
  var modules: [String: String] = [:]
  for entry in parameter.split(separator: ",") {
    let halves = entry.split(separator: "=", maxSplits: 1)
    guard entry.hasPrefix("M"), halves.count == 2 else {
      throw Refusal(message: "option \(entry): expected Mfile.proto=Module")
    }
    modules[String(halves[0].dropFirst())] = String(halves[1])
  }
  return modules
}

/// Names of every message and enum, by the names that references use.
struct NameTable {
  private var names: [String: TypeNames] = [:]

  init(_ files: [ContractFile], modules: [String: String]) {
    for file in files {
      let module = modules[file.name] ?? ""
      for message in file.messages {
        register(message, outer: "", module: module)
      }
      for each in file.enums {
        names[each.fullName] = TypeNames(
          wire: String(each.fullName.dropFirst()), swift: each.name, module: module)
      }
    }
  }

  subscript(_ reference: String) -> TypeNames? { names[reference] }

  private mutating func register(_ message: ContractMessage, outer: String, module: String) {
    let swift = outer + message.name
    names[message.fullName] = TypeNames(
      wire: String(message.fullName.dropFirst()), swift: swift, module: module)
    for each in message.enums {
      names[each.fullName] = TypeNames(
        wire: String(each.fullName.dropFirst()), swift: "\(swift).\(each.name)", module: module)
    }
    for nested in message.nested {
      register(nested, outer: swift + ".", module: module)
    }
  }
}

/// The bytes that protoc expects on standard output.
func packedResponse(files: [GeneratedFile], error: String?) -> [UInt8] {
  // Nothing made here is freed: the process ends when the response is written.
  let made = files.map { file in
    let packed = UnsafeMutablePointer<Tidemark__Plugin__GeneratedFile>.allocate(capacity: 1)
    tidemark__plugin__generated_file__init(packed)
    packed.pointee.name = strdup(file.name)
    packed.pointee.content = strdup(file.content)
    return UnsafeMutablePointer<Tidemark__Plugin__GeneratedFile>?(packed)
  }
  var response = Tidemark__Plugin__GeneratorResponse()
  tidemark__plugin__generator_response__init(&response)
  response.error = error.flatMap { strdup($0) }
  // The first feature bit says that `optional` is understood: it is, and refused by name.
  response.has_supported_features = 1
  response.supported_features = 1
  let list = UnsafeMutableBufferPointer<UnsafeMutablePointer<Tidemark__Plugin__GeneratedFile>?>
    .allocate(capacity: made.count)
  _ = list.initialize(from: made)
  response.file = list.baseAddress
  response.n_file = made.count
  var bytes = [UInt8](
    repeating: 0, count: tidemark__plugin__generator_response__get_packed_size(&response))
  tidemark__plugin__generator_response__pack(&response, &bytes)
  return bytes
}

/// Writes all bytes to a file descriptor and says whether that went well.
@discardableResult
func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
  bytes.withUnsafeBytes { buffer in
    var written = 0
    while written < buffer.count {
      let count = write(
        descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
      guard count > 0 else { return false }
      written += count
    }
    return true
  }
}
