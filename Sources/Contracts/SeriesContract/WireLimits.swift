public import RPC

/// Limits of fields, each refused with the name of the field.
public enum WireLimits {
  /// Refuses text that is longer than its contract allows.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field.
  public static func text(_ text: String, bytes limit: Int, _ field: String) throws(RPCError) {
    guard text.utf8.count > limit else { return }
    throw RPCError(
      .invalidArgument, field: field, reason: "too_long",
      "\(field) may hold \(limit) bytes and has \(text.utf8.count)")
  }

  /// Refuses a number that is infinite or none.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field.
  public static func finite(_ value: Double, _ field: String) throws(RPCError) {
    guard !value.isFinite else { return }
    throw RPCError(
      .invalidArgument, field: field, reason: "not_finite", "\(field) must be a finite number")
  }

  /// The error for an enum of which the contract does not know the number, or none was given.
  public static func unknownEnum(_ rawValue: Int32, _ field: String) -> RPCError {
    RPCError(
      .invalidArgument, field: field, reason: "unknown_value",
      rawValue == 0 ? "\(field) is missing" : "\(field) has the unknown value \(rawValue)")
  }
}
