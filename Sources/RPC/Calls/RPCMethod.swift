/// One method of a contract.
public struct RPCMethod: Sendable, Hashable {
  /// Full name, such as `tidemark.v1.Ingest/PutPoints`.
  public let name: String

  /// Whether a repeat does no harm, as the contract says.
  public let isIdempotent: Bool

  /// Makes a method from its name and what the contract says of it.
  public init(_ name: String, isIdempotent: Bool) {
    self.name = name
    self.isIdempotent = isIdempotent
  }
}
