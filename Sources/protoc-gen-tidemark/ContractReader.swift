internal import CProtobufC
internal import CProtocPlugin

/// Turns protoc's description of one file into values.
///
/// The C structs are only borrowed: nothing of them is left in the result.
struct ContractReader {
  private let comments: [ContractPath: String]
  private let source: Tidemark__Plugin__FileDescription

  init(_ source: Tidemark__Plugin__FileDescription) {
    self.source = source
    self.comments = Self.comments(of: source)
  }

  func file() -> ContractFile {
    let package = text(source.package)
    let scope = package.isEmpty ? "" : "." + package
    return ContractFile(
      name: text(source.name),
      package: package,
      isProto3: text(source.syntax) == "proto3",
      declaresExtensions: source.n_extension > 0,
      messages: list(source.message_type, source.n_message_type).map { index, each in
        message(each, scope: scope, path: [4, index])
      },
      enums: list(source.enum_type, source.n_enum_type).map { index, each in
        enumeration(each, scope: scope, path: [5, index])
      },
      services: list(source.service, source.n_service).map { index, each in
        service(each, path: [6, index])
      })
  }

  private func message(
    _ source: Tidemark__Plugin__MessageDescription, scope: String, path: ContractPath
  ) -> ContractMessage {
    let fullName = scope + "." + text(source.name)
    return ContractMessage(
      fullName: fullName,
      name: text(source.name),
      comment: comments[path] ?? "",
      fields: list(source.field, source.n_field).map { index, each in
        field(each, path: path + [2, index])
      },
      oneofs: list(source.oneof_decl, source.n_oneof_decl).map { text($1.name) },
      nested: list(source.nested_type, source.n_nested_type).map { index, each in
        message(each, scope: fullName, path: path + [3, index])
      },
      enums: list(source.enum_type, source.n_enum_type).map { index, each in
        enumeration(each, scope: fullName, path: path + [4, index])
      },
      isMapEntry: source.options?.pointee.map_entry ?? 0 != 0)
  }

  private func field(
    _ source: Tidemark__Plugin__FieldDescription, path: ContractPath
  ) -> ContractField {
    ContractField(
      name: text(source.name),
      number: source.number,
      comment: comments[path] ?? "",
      kind: FieldKind(rawValue: source.type) ?? .group,
      isRepeated: source.label == 3,
      isRequired: source.label == 2,
      typeName: text(source.type_name),
      oneof: source.has_oneof_index != 0 && source.proto3_optional == 0
        ? Int(source.oneof_index) : nil,
      isProto3Optional: source.proto3_optional != 0)
  }

  private func enumeration(
    _ source: Tidemark__Plugin__EnumDescription, scope: String, path: ContractPath
  ) -> ContractEnum {
    ContractEnum(
      fullName: scope + "." + text(source.name),
      name: text(source.name),
      comment: comments[path] ?? "",
      values: list(source.value, source.n_value).map { index, each in
        ContractEnum.Value(
          name: text(each.name), number: each.number, comment: comments[path + [2, index]] ?? "")
      })
  }

  private func service(
    _ source: Tidemark__Plugin__ServiceDescription, path: ContractPath
  ) -> ContractService {
    ContractService(
      name: text(source.name),
      comment: comments[path] ?? "",
      methods: list(source.method, source.n_method).map { index, each in
        ContractService.Method(
          name: text(each.name),
          comment: comments[path + [2, index]] ?? "",
          input: text(each.input_type),
          output: text(each.output_type),
          isIdempotent: each.options?.pointee.idempotency_level ?? 0 != 0,
          isStreaming: each.client_streaming != 0 || each.server_streaming != 0)
      })
  }

  /// Comment of every declaration that has one, on one line.
  private static func comments(
    of source: Tidemark__Plugin__FileDescription
  ) -> [ContractPath: String] {
    guard let info = source.source_code_info?.pointee else { return [:] }
    var comments: [ContractPath: String] = [:]
    for (_, location) in list(info.location, info.n_location) {
      let path = Array(UnsafeBufferPointer(start: location.path, count: location.n_path))
      let written = text(location.leading_comments) + " " + text(location.trailing_comments)
      let words = written.split(whereSeparator: \.isWhitespace)
      if !words.isEmpty {
        comments[path] = words.joined(separator: " ")
      }
    }
    return comments
  }
}

/// Text of a C string, empty for none.
func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String {
  pointer.map { String(cString: $0) } ?? ""
}

/// The structs behind a repeated field, each with its index.
func list<Element>(
  _ pointer: UnsafeMutablePointer<UnsafeMutablePointer<Element>?>?, _ count: Int
) -> [(Int32, Element)] {
  UnsafeBufferPointer(start: pointer, count: count).enumerated().compactMap { index, each in
    each.map { (Int32(index), $0.pointee) }
  }
}
