/// The identity of a customer: a UUID as two words.
///
/// It never changes and is the key by which everything is sharded.
public struct CustomerID: Sendable, Hashable, Comparable {
  /// The first eight bytes, big-endian.
  public let high: UInt64

  /// The last eight bytes, big-endian.
  public let low: UInt64

  /// Joins two words.
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// The order of the bytes, which is PostgreSQL's order of UUIDs as well.
  public static func < (left: CustomerID, right: CustomerID) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }

  /// How many shards customers are spread over.
  public static let shardCount = 1_024

  /// The shard that holds all of this customer, 0 to 1,023.
  ///
  /// UUIDs come from a hash or from a random source, but those of other products may count up; the
  /// finalizer of MurmurHash3 spreads both.
  public var shard: Int {
    var word = high ^ low
    word ^= word >> 33
    word = word &* 0xff51_afd7_ed55_8ccd
    word ^= word >> 33
    word = word &* 0xc4ce_b9fe_1a85_ec53
    word ^= word >> 33
    return Int(word % UInt64(Self.shardCount))
  }
}

/// What is known of a customer, apart from points.
public struct Customer: Sendable, Hashable {
  /// The identity, given by ingest.
  public var id: CustomerID

  /// The business's own key.
  public var externalID: String

  /// The name that people use.
  public var name: String

  /// The cohort that the customer is compared with.
  public var segment: String

  /// Where the customer is; its holidays count.
  public var region: String

  /// Who looks after the customer: a mail address or a role.
  public var owner: String

  /// IANA time zone; empty is the organisation's.
  public var zone: String

  /// Money a year; 0 when unknown.
  public var annualValue: Double

  /// Grows with each change of the above.
  public var version: Int64

  /// Gathers the attributes; all but the first two may be left empty.
  public init(
    id: CustomerID, externalID: String, name: String = "", segment: String = "",
    region: String = "", owner: String = "", zone: String = "", annualValue: Double = 0,
    version: Int64 = 0
  ) {
    self.id = id
    self.externalID = externalID
    self.name = name
    self.segment = segment
    self.region = region
    self.owner = owner
    self.zone = zone
    self.annualValue = annualValue
    self.version = version
  }
}
