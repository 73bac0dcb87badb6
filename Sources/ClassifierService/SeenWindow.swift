/// The last judgements of one series: revision and hash of each of 32 buckets.
///
/// A scan that was killed repeats up to thirty buckets, so that many must be told from new ones.
/// Eight bytes a bucket: 16 bits of the revision and 48 of the hash, by which two pieces of
/// evidence are taken for one once in 2^48. A row a bucket would be ten times as much to write.
struct SeenWindow: Sendable, Hashable {
  /// How many buckets back are remembered.
  static let length = 32

  /// What is known of a judgement.
  enum Verdict: Sendable, Hashable {
    /// It has not been seen.
    case fresh
    /// It has been seen.
    case known
    /// A newer revision of the bucket has been seen, or the bucket lies before the window.
    case outdated
    /// The same revision was seen with another hash, of which the fingerprint is given.
    case conflict(known: UInt64)
  }

  /// The newest bucket seen; nil when none has been.
  private(set) var lastBucket: Int32?

  /// What is stored: eight bytes a bucket, from the newest back; a gap is all ones.
  ///
  /// Kept as bytes, because of the thousand windows of a batch only one entry each is looked at.
  private(set) var bytes: [UInt8]

  private static let gap = UInt64.max

  /// 48 bits to which every bit of a hash contributes.
  static func fingerprint(_ hash: UInt64) -> UInt64 {
    ((hash ^ hash >> 32) &* 0x9e37_79b9_7f4a_7c15) >> 16
  }

  /// A window of a series that was never judged.
  init() {
    lastBucket = nil
    bytes = []
  }

  /// A window as it was stored.
  init(lastBucket: Int32, bytes: [UInt8]) {
    self.lastBucket = lastBucket
    self.bytes = bytes
  }

  /// The entry so many buckets back, or nil where none is kept.
  private func entry(_ place: Int) -> UInt64? {
    let offset = place * 8
    guard offset + 8 <= bytes.count else { return nil }
    let entry = bytes.withUnsafeBytes {
      UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    return entry == Self.gap ? nil : entry
  }

  /// What a judgement is beside those seen.
  func verdict(bucket: Int32, revision: UInt32, hash: UInt64) -> Verdict {
    guard let lastBucket else { return .fresh }
    if bucket > lastBucket { return .fresh }
    let place = Int(Int64(lastBucket) - Int64(bucket))
    guard place < Self.length else {
      // Too long ago to tell a repeat from a first time; only a correction can be new there.
      return revision > 1 ? .fresh : .outdated
    }
    guard let known = entry(place) else { return .fresh }
    let knownRevision = UInt32(known >> 48)
    let clamped = Self.clamped(revision)
    if clamped != knownRevision { return clamped > knownRevision ? .fresh : .outdated }
    let fingerprint = known & ((1 << 48) - 1)
    if fingerprint == Self.fingerprint(hash) { return .known }
    // What is judged on arrival may be judged again when the value changes before the close.
    return revision == 0 ? .fresh : .conflict(known: fingerprint)
  }

  /// Remembers a judgement.
  mutating func insert(bucket: Int32, revision: UInt32, hash: UInt64) {
    let entry = UInt64(Self.clamped(revision)) << 48 | Self.fingerprint(hash)
    let encoded = withUnsafeBytes(of: entry.bigEndian) { Array($0) }
    guard let last = lastBucket, bucket <= last else {
      let steps = lastBucket.map { Int64(bucket) - Int64($0) } ?? 1
      let gaps = Int(min(steps, Int64(Self.length))) - 1
      let padding = [UInt8](repeating: 0xff, count: gaps * 8)
      bytes = Array((encoded + padding + bytes).prefix(Self.length * 8))
      lastBucket = bucket
      return
    }
    let place = Int(Int64(last) - Int64(bucket))
    guard place < Self.length else { return }
    let missing = (place + 1) * 8 - bytes.count
    if missing > 0 { bytes += [UInt8](repeating: 0xff, count: missing) }
    bytes.replaceSubrange(place * 8..<place * 8 + 8, with: encoded)
  }

  /// A revision in 16 bits; the highest is kept from looking like a gap.
  private static func clamped(_ revision: UInt32) -> UInt32 { min(revision, 0xfffe) }
}
