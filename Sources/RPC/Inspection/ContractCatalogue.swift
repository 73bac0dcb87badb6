internal import CProtobufC
internal import CTidemarkProto

/// Every method of every contract that is compiled in.
///
/// The one place that knows all contracts: a person at a command line may call any of them.
enum ContractCatalogue {
  /// One method with the layout of what goes in and comes out.
  struct Method: Sendable {
    /// Full name, such as `tidemark.v1.Ingest/PutPoints`.
    let name: String
    let input: MessageSchema
    let output: MessageSchema
  }

  /// All methods by their full names.
  static let methods: [String: Method] = {
    let services = [
      tidemark__v1__meta__descriptor, tidemark__v1__ingest__descriptor,
      tidemark__v1__baseline__descriptor, tidemark__v1__detector__descriptor,
      tidemark__v1__classifier__descriptor, tidemark__v1__notifier__descriptor,
      tidemark__v1__gateway__descriptor,
    ]
    var methods: [String: Method] = [:]
    for service in services {
      let serviceName = String(cString: service.name)
      for method in UnsafeBufferPointer(start: service.methods, count: Int(service.n_methods)) {
        let name = "\(serviceName)/\(String(cString: method.name))"
        methods[name] = Method(
          name: name, input: MessageSchema(method.input), output: MessageSchema(method.output))
      }
    }
    return methods
  }()

  /// Finds a method by its full name, or by `Service/Method` alone.
  static func method(named name: String) -> Method? {
    methods[name] ?? methods["tidemark.v1.\(name)"]
  }
}
