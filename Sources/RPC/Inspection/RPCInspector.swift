internal import JSON
internal import Nanomsg

/// Calls any method from JSON, for people at a command line.
public enum RPCInspector {
  /// Full names of all methods that this build knows, sorted.
  public static var knownMethods: [String] { ContractCatalogue.methods.keys.sorted() }

  /// Calls a method with a request in JSON.
  ///
  /// - Parameters:
  ///   - url: Address of the server.
  ///   - method: `tidemark.v1.Ingest/PutPoints`, or `Ingest/PutPoints`.
  ///   - json: The request; empty is an empty message.
  ///   - settings: Certificates and the caller's identity.
  ///   - options: Deadline and metadata.
  /// - Returns: The answer as indented JSON.
  /// - Throws: ``RPCError`` of the server, or INVALID_ARGUMENT that names what is wrong in the
  ///   JSON.
  public static func call(
    url: String, method: String, json: String,
    settings: RPCClientSettings = RPCClientSettings(), options: CallOptions = CallOptions()
  ) async throws(RPCError) -> String {
    guard let known = ContractCatalogue.method(named: method) else {
      throw RPCError(
        .unimplemented, field: "method", reason: "unknown_method",
        "no contract has the method \(method)")
    }
    let payload = try wire(ofJSON: json, known.input)
    let channel = try RPCChannel(url: url, settings: settings)
    defer { channel.close() }
    let call = OutgoingCall(RPCMethod(known.name, isIdempotent: false), options)
    let reply = try await channel.attempt(call, packed: payload)
    return try reply.withBytes { bytes throws(RPCError) in
      do throws(WireError) {
        return try WireToJSON.message(Frame.Parts.payload(ofChecked: bytes), known.output)
          .encoded(indented: true)
      } catch {
        throw RPCError(.internal, "the answer cannot be read: \(error.description)")
      }
    }
  }

  /// Asks a server what it serves.
  ///
  /// - Returns: Name, version, start and methods of the server.
  /// - Throws: ``RPCError`` when it cannot be asked.
  public static func list(
    url: String, settings: RPCClientSettings = RPCClientSettings(),
    options: CallOptions = CallOptions()
  ) async throws(RPCError) -> GetInfoResponse {
    let channel = try RPCChannel(url: url, settings: settings)
    defer { channel.close() }
    return try await MetaClient(channel).getInfo(GetInfoRequest(), options: options)
  }

  /// The bytes of a method's answer in JSON, as ``call(url:method:json:settings:options:)`` gave it.
  ///
  /// - Throws: ``RPCError`` INVALID_ARGUMENT that names what is wrong in the JSON.
  public static func wire(
    ofJSON json: String, answerOf method: String
  ) throws(RPCError) -> [UInt8] {
    guard let known = ContractCatalogue.method(named: method) else {
      throw RPCError(
        .unimplemented, field: "method", reason: "unknown_method",
        "no contract has the method \(method)")
    }
    return try wire(ofJSON: json, known.output)
  }

  /// The bytes of a message in JSON, checked as its reader will check them.
  private static func wire(
    ofJSON json: String, _ schema: MessageSchema
  ) throws(RPCError) -> [UInt8] {
    guard !json.isEmpty else { return [] }
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: json)
    } catch {
      throw RPCError(.invalidArgument, "the request is no JSON: \(error.description)")
    }
    let bytes = try JSONToWire().message(value, schema)
    do throws(WireError) {
      return try schema.layout.repacked(bytes)
    } catch {
      throw RPCError(request: error)
    }
  }
}

extension RPCInspector {
  /// Full names of all fields that any method's messages hold, and those of the envelope.
  static var knownFields: [String] {
    var names: [String] = []
    func visit(_ schema: MessageSchema) {
      for field in schema.fields {
        names.append("\(schema.name).\(field.name)")
        if case .message(let inner) = field.kind { visit(inner) }
      }
    }
    for method in ContractCatalogue.methods.values {
      visit(method.input)
      visit(method.output)
    }
    visit(MessageSchema(RequestHeader.wireLayout.descriptor))
    visit(MessageSchema(ResponseHeader.wireLayout.descriptor))
    return names
  }
}
