/// Writes the handler protocol, the methods and the typed client of one service.
struct ServiceWriter {
  let service: ContractService
  let file: ContractFile
  let resolve: (String) throws(Refusal) -> TypeNames

  private var name: String { service.name }
  private var wireName: String { "\(file.package).\(service.name)" }

  func write(_ line: (String) -> Void) throws(Refusal) {
    writeMethods(line)
    try writeHandler(line)
    try writeClient(line)
  }

  private func writeMethods(_ line: (String) -> Void) {
    line("")
    line("/// The methods of `\(wireName)`.")
    line("public enum \(name)Methods {")
    for method in service.methods {
      line(documentation(method.comment, otherwise: "`\(method.name)`.", "  "))
      line("  public static let \(functionName(method.name)) = RPCMethod(")
      line("    \"\(wireName)/\(method.name)\", isIdempotent: \(method.isIdempotent))")
    }
    line("}")
  }

  private func writeHandler(_ line: (String) -> Void) throws(Refusal) {
    line("")
    line(documentation(service.comment, otherwise: "What answers `\(wireName)`.", ""))
    line("public protocol \(name)Handler: Sendable {")
    for method in service.methods {
      line(documentation(method.comment, otherwise: "Answers `\(method.name)`.", "  "))
      line("  func \(functionName(method.name))(")
      line("    _ request: \(try resolve(method.input).swift), context: CallContext")
      line("  ) async throws(RPCError) -> \(try resolve(method.output).swift)")
    }
    line("}")
    line("")
    line("extension \(name)Handler {")
    line("  /// The handler in the form that a server takes.")
    line("  public var rpcService: RPCService {")
    line("    RPCService(")
    line("      name: \"\(wireName)\",")
    line("      methods: [")
    for method in service.methods {
      let function = functionName(method.name)
      line("        RPCMethodHandler(\(name)Methods.\(function)) {")
      line("          (request: \(try resolve(method.input).swift), context: CallContext)")
      line("            async throws(RPCError) -> \(try resolve(method.output).swift) in")
      line("          try await self.\(function)(request, context: context)")
      line("        },")
    }
    line("      ])")
    line("  }")
    line("}")
  }

  private func writeClient(_ line: (String) -> Void) throws(Refusal) {
    line("")
    line("/// Calls `\(wireName)`.")
    line("public struct \(name)Client: Sendable {")
    line("  private let caller: any RPCCaller")
    line("")
    line("  /// Makes a client of a channel or a balancer.")
    line("  public init(_ caller: any RPCCaller) { self.caller = caller }")
    for method in service.methods {
      let function = functionName(method.name)
      line("")
      line(documentation(method.comment, otherwise: "Calls `\(method.name)`.", "  "))
      line("  public func \(function)(")
      line(
        "    _ request: \(try resolve(method.input).swift), options: CallOptions = CallOptions()")
      line("  ) async throws(RPCError) -> \(try resolve(method.output).swift) {")
      line("    try await caller.call(\(name)Methods.\(function), request, options: options)")
      line("  }")
    }
    line("}")
  }
}
