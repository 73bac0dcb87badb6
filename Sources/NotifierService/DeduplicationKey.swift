internal import Alerting
internal import Cryptography
internal import SeriesContract

/// The name by which a receiver knows that several messages speak of one anomaly.
///
/// It depends on nothing but receiver and anomaly, so a message that is sent again after a crash,
/// or by another replica, carries the same one.
func deduplicationKey(receiver: String, anomaly: AnomalyReference) -> String {
  "tm1:" + Hexadecimal.encode(SHA256.hash("\(receiver)\u{0}\(anomaly.text)"))
}

/// The identity of a delivery: a UUID of version 8 from all that makes it that delivery.
func deliveryID(
  anomaly: AnomalyReference, revision: UInt32, kind: NoticeKind, receiver: String
) -> WireUUID {
  let text = "tidemark/delivery/\(anomaly.text)/\(revision)/\(kind.name)/\(receiver)"
  var bytes = Array(SHA256.hash(text).prefix(16))
  bytes[6] = bytes[6] & 0x0f | 0x80
  bytes[8] = bytes[8] & 0x3f | 0x80
  guard let id = WireUUID(bytes: bytes) else { preconditionFailure("a UUID has 16 bytes") }
  return id
}
