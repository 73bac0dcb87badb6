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

  /// From the newest bucket back; a gap is all ones.
  private var entries: [UInt64]

  private static let gap = UInt64.max

  /// 48 bits to which every bit of a hash contributes.
  static func fingerprint(_ hash: UInt64) -> UInt64 {
    ((hash ^ hash >> 32) &* 0x9e37_79b9_7f4a_7c15) >> 16
  }

  /// A window of a series that was never judged.
  init() {
    lastBucket = nil
    entries = []
  }

  /// Reads what ``bytes`` wrote.
  init(lastBucket: Int32, bytes: [UInt8]) {
    self.lastBucket = lastBucket
    entries = stride(from: 0, to: bytes.count - bytes.count % 8, by: 8).map { start in
      bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) }
    }
  }

  /// What is stored.
  var bytes: [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(entries.count * 8)
    for entry in entries { withUnsafeBytes(of: entry.bigEndian) { out.append(contentsOf: $0) } }
    return out
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
    guard place < entries.count, entries[place] != Self.gap else { return .fresh }
    let known = entries[place]
    let knownRevision = UInt32(known >> 48)
    let clamped = Self.clamped(revision)
    if clamped != knownRevision { return clamped > knownRevision ? .fresh : .outdated }
    let fingerprint = known & ((1 << 48) - 1)
    return fingerprint == Self.fingerprint(hash) ? .known : .conflict(known: fingerprint)
  }

  /// Remembers a judgement.
  mutating func insert(bucket: Int32, revision: UInt32, hash: UInt64) {
    let entry = UInt64(Self.clamped(revision)) << 48 | Self.fingerprint(hash)
    guard let last = lastBucket, bucket <= last else {
      advance(to: bucket)
      entries[0] = entry
      return
    }
    let place = Int(Int64(last) - Int64(bucket))
    guard place < Self.length else { return }
    while entries.count <= place { entries.append(Self.gap) }
    entries[place] = entry
  }

  private mutating func advance(to bucket: Int32) {
    let steps = lastBucket.map { Int64(bucket) - Int64($0) } ?? 1
    lastBucket = bucket
    let gaps = [UInt64](repeating: Self.gap, count: Int(min(steps, Int64(Self.length))))
    entries = Array((gaps + entries).prefix(Self.length))
  }

  /// A revision in 16 bits; the highest is kept from looking like a gap.
  private static func clamped(_ revision: UInt32) -> UInt32 { min(revision, 0xfffe) }
}
