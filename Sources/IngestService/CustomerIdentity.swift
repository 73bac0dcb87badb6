internal import Cryptography
internal import SeriesContract
public import SeriesModel

/// The identity of a customer, given by ingest alone.
public enum CustomerIdentity {
  /// The identity of a business's own key.
  ///
  /// A key that is a UUID is used as it is; any other gives a UUID of version 8 from its hash, so
  /// that the same key has the same identity everywhere and for ever.
  public static func id(externalID: String) -> CustomerID {
    if let uuid = WireUUID(text: externalID) { return CustomerID(uuid) }
    var hash = SHA256.hash("tidemark/customer/" + externalID)
    hash[6] = hash[6] & 0x0F | 0x80
    hash[8] = hash[8] & 0x3F | 0x80
    let high = hash[0..<8].reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    let low = hash[8..<16].reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    return CustomerID(high: high, low: low)
  }
}
