public import RPC
public import SeriesModel

extension SeriesModel.Granularity {
  /// Reads the wire's enum.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field.
  public init(_ wire: SeriesContract.Granularity, field: String) throws(RPCError) {
    guard let raw = UInt8(exactly: wire.rawValue), let value = Self(rawValue: raw) else {
      throw WireLimits.unknownEnum(wire.rawValue, field)
    }
    self = value
  }
}

extension SeriesContract.Granularity {
  /// Writes the domain's word.
  public init(_ domain: SeriesModel.Granularity) { self.init(rawValue: Int32(domain.rawValue)) }
}

extension SeriesModel.MetricKind {
  /// Reads the wire's enum.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field.
  public init(_ wire: SeriesContract.MetricKind, field: String) throws(RPCError) {
    guard let raw = UInt8(exactly: wire.rawValue), let value = Self(rawValue: raw) else {
      throw WireLimits.unknownEnum(wire.rawValue, field)
    }
    self = value
  }
}

extension SeriesModel.Polarity {
  /// Reads the wire's enum; unspecified is up, as most metrics are.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field.
  public init(_ wire: SeriesContract.Polarity, field: String) throws(RPCError) {
    if wire == .unspecified {
      self = .upIsGood
      return
    }
    guard let raw = UInt8(exactly: wire.rawValue), let value = Self(rawValue: raw) else {
      throw WireLimits.unknownEnum(wire.rawValue, field)
    }
    self = value
  }
}

extension SeriesModel.Customer {
  /// Reads a customer.
  ///
  /// - Parameters:
  ///   - wire: The message.
  ///   - field: What errors call it, such as `customers[3]`.
  ///   - id: The identity where the message does not carry it; nil reads it from the message.
  /// - Throws: INVALID_ARGUMENT that names the field.
  public init(
    _ wire: SeriesContract.Customer, field: String, id: CustomerID? = nil
  ) throws(RPCError) {
    guard !wire.externalID.isEmpty else {
      throw RPCError(
        .invalidArgument, field: "\(field).external_id", reason: "missing",
        "\(field).external_id is missing")
    }
    try WireLimits.text(wire.externalID, bytes: 200, "\(field).external_id")
    try WireLimits.text(wire.name, bytes: 200, "\(field).name")
    try WireLimits.text(wire.segment, bytes: 100, "\(field).segment")
    try WireLimits.text(wire.region, bytes: 100, "\(field).region")
    try WireLimits.text(wire.owner, bytes: 320, "\(field).owner")
    try WireLimits.text(wire.zone, bytes: 64, "\(field).zone")
    try WireLimits.finite(wire.annualValue, "\(field).annual_value")
    let identity: CustomerID
    if let id {
      identity = id
    } else {
      identity = CustomerID(try WireUUID(bytes: wire.id, field: "\(field).id"))
    }
    self.init(
      id: identity, externalID: wire.externalID, name: wire.name, segment: wire.segment,
      region: wire.region, owner: wire.owner, zone: wire.zone, annualValue: wire.annualValue,
      version: wire.version)
  }
}

extension SeriesContract.Customer {
  /// Writes a customer.
  public init(_ domain: SeriesModel.Customer) {
    self.init()
    id = domain.id.wireUUID.bytes
    externalID = domain.externalID
    name = domain.name
    segment = domain.segment
    region = domain.region
    owner = domain.owner
    zone = domain.zone
    annualValue = domain.annualValue
    version = domain.version
  }
}

extension SeriesModel.Metric {
  /// Reads an entry of the catalogue.
  ///
  /// - Parameters:
  ///   - wire: The message.
  ///   - field: What errors call it, such as `metrics[3]`.
  ///   - requiresID: Whether the number of the catalogue must be there.
  /// - Throws: INVALID_ARGUMENT that names the field.
  public init(
    _ wire: SeriesContract.Metric, field: String, requiresID: Bool = true
  ) throws(RPCError) {
    guard !requiresID || wire.id > 0 else {
      throw RPCError(
        .invalidArgument, field: "\(field).id", reason: "missing", "\(field).id is missing")
    }
    guard Self.isName(wire.name) else {
      throw RPCError(
        .invalidArgument, field: "\(field).name", reason: "bad_name",
        "\(field).name must be 1 to 50 of a-z, 0-9 and _, with a letter first")
    }
    guard (0...6).contains(wire.decimalPlaces) else {
      throw RPCError(
        .invalidArgument, field: "\(field).decimal_places", reason: "out_of_range",
        "\(field).decimal_places must be 0 to 6 and is \(wire.decimalPlaces)")
    }
    try WireLimits.text(wire.unit, bytes: 30, "\(field).unit")
    try WireLimits.text(wire.displayName, bytes: 100, "\(field).display_name")
    self.init(
      id: MetricID(wire.id), name: wire.name,
      dimensions: try Self.dimensions(wire.dimensions, "\(field).dimensions"),
      granularity: try SeriesModel.Granularity(wire.granularity, field: "\(field).granularity"),
      kind: try SeriesModel.MetricKind(wire.kind, field: "\(field).kind"),
      polarity: try SeriesModel.Polarity(wire.polarity, field: "\(field).polarity"),
      decimalPlaces: Int(wire.decimalPlaces), onArrival: wire.onArrival, unit: wire.unit,
      displayName: wire.displayName)
  }

  /// Whether the text may name a metric.
  public static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first)
    else { return false }
    return text.utf8.count <= 50
      && text.utf8.allSatisfy {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "_")
      }
  }

  private static func dimensions(
    _ pairs: [LabelPair], _ field: String
  ) throws(RPCError) -> [Dimension] {
    guard pairs.count <= 8 else {
      throw RPCError(
        .invalidArgument, field: field, reason: "too_many",
        "\(field) may hold 8 entries and has \(pairs.count)")
    }
    var names: Set<String> = []
    var dimensions: [Dimension] = []
    for pair in pairs {
      guard !pair.name.isEmpty, names.insert(pair.name).inserted else {
        throw RPCError(
          .invalidArgument, field: field, reason: "bad_dimension",
          "\(field) holds a name that is empty or stands twice")
      }
      try WireLimits.text(pair.name, bytes: 128, field)
      try WireLimits.text(pair.value, bytes: 200, field)
      dimensions.append(Dimension(name: pair.name, value: pair.value))
    }
    return dimensions
  }
}

extension SeriesContract.Metric {
  /// Writes an entry of the catalogue.
  public init(_ domain: SeriesModel.Metric) {
    self.init()
    id = domain.id.number
    name = domain.name
    dimensions = domain.dimensions.map { dimension in
      var pair = LabelPair()
      pair.name = dimension.name
      pair.value = dimension.value
      return pair
    }
    granularity = SeriesContract.Granularity(domain.granularity)
    kind = SeriesContract.MetricKind(rawValue: Int32(domain.kind.rawValue))
    polarity = SeriesContract.Polarity(rawValue: Int32(domain.polarity.rawValue))
    decimalPlaces = Int32(domain.decimalPlaces)
    onArrival = domain.onArrival
    unit = domain.unit
    displayName = domain.displayName
  }
}
