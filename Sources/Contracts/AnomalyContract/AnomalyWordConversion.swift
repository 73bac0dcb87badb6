public import Classification
public import RPC
internal import SeriesContract

extension Classification.AnomalyType {
  /// Reads the wire's enum.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field.
  public init(_ wire: AnomalyContract.AnomalyType, field: String) throws(RPCError) {
    self = try read(wire.rawValue, field)
  }
}

extension AnomalyContract.AnomalyType {
  /// Writes the domain's word.
  public init(_ domain: Classification.AnomalyType) { self.init(rawValue: Int32(domain.rawValue)) }
}

extension Classification.Severity {
  /// Reads the wire's enum.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field.
  public init(_ wire: AnomalyContract.Severity, field: String) throws(RPCError) {
    self = try read(wire.rawValue, field)
  }
}

extension AnomalyContract.Severity {
  /// Writes the domain's word.
  public init(_ domain: Classification.Severity) { self.init(rawValue: Int32(domain.rawValue)) }
}

extension Classification.Intent {
  /// Reads the wire's enum.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field.
  public init(_ wire: AnomalyContract.Intent, field: String) throws(RPCError) {
    self = try read(wire.rawValue, field)
  }
}

extension AnomalyContract.Intent {
  /// Writes the domain's word.
  public init(_ domain: Classification.Intent) { self.init(rawValue: Int32(domain.rawValue)) }
}

extension Classification.AnomalyState {
  /// Reads the wire's enum.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field.
  public init(_ wire: AnomalyContract.AnomalyState, field: String) throws(RPCError) {
    self = try read(wire.rawValue, field)
  }
}

extension AnomalyContract.AnomalyState {
  /// Writes the domain's word.
  public init(_ domain: Classification.AnomalyState) { self.init(rawValue: Int32(domain.rawValue)) }
}

extension Classification.AnomalyChangeKind {
  /// Reads the wire's enum.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field.
  public init(_ wire: AnomalyContract.AnomalyChangeKind, field: String) throws(RPCError) {
    self = try read(wire.rawValue, field)
  }
}

extension AnomalyContract.AnomalyChangeKind {
  /// Writes the domain's word.
  public init(_ domain: Classification.AnomalyChangeKind) {
    self.init(rawValue: Int32(domain.rawValue))
  }
}

extension Classification.TransitionVerb {
  /// Reads the wire's enum.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field.
  public init(_ wire: AnomalyContract.TransitionVerb, field: String) throws(RPCError) {
    self = try read(wire.rawValue, field)
  }
}

extension AnomalyContract.TransitionVerb {
  /// Writes the domain's word.
  public init(_ domain: Classification.TransitionVerb) {
    self.init(rawValue: Int32(domain.rawValue))
  }
}

/// The word of that number; the domain and the contract count alike.
private func read<Word: RawRepresentable>(
  _ rawValue: Int32, _ field: String
) throws(RPCError) -> Word where Word.RawValue == UInt8 {
  guard let narrow = UInt8(exactly: rawValue), let word = Word(rawValue: narrow) else {
    throw WireLimits.unknownEnum(rawValue, field)
  }
  return word
}
