/// A secret that does not print.
public struct Redacted<Value: Sendable>: Sendable, CustomStringConvertible,
  CustomDebugStringConvertible, CustomReflectable
{
  /// The secret itself.
  public let secret: Value

  /// Wraps a secret.
  public init(_ secret: Value) { self.secret = secret }

  /// Never the secret.
  public var description: String { "<redacted>" }

  /// Never the secret.
  public var debugDescription: String { "<redacted>" }

  /// Shows nothing, so that `dump` and string interpolation of a struct around it stay silent too.
  public var customMirror: Mirror { Mirror(self, children: []) }
}

extension Redacted: Equatable where Value: Equatable {}
extension Redacted: Hashable where Value: Hashable {}
