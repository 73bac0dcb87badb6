import Baselines
import Postgres
import SeriesModel

/// One scan of all series of a granularity up to a bucket.
struct ScanRun: Sendable, Hashable {
  /// Where a run stands.
  enum State: Int16, Sendable {
    case waiting = 0
    case running = 1
    case completed = 2
    case completedWithFailures = 3
  }

  let id: ScanRunID
  let granularity: Granularity
  let through: Int32
  let from: Int32?
  let ingestSequence: Int64
  let notifiesHistory: Bool
  let state: State
  let seriesDue: Int64
  /// The change of the calendar that the run began after; 0 while it waits.
  let calendarSequence: Int64
  /// The change of the settings that the run began after; 0 while it waits.
  let settingSequence: Int64

  /// The identity of the run: one a granularity and bucket, however many replicas ask for it.
  static func id(_ granularity: Granularity, through: Int32) -> ScanRunID {
    func word(_ seed: UInt64) -> UInt64 {
      var hash = ContentHash(seed: seed)
      hash.add(UInt64(granularity.rawValue))
      hash.add(UInt64(UInt32(bitPattern: through)))
      return hash.value
    }
    // Version 8 and the variant of RFC 9562, so that it is a UUID to everyone.
    return ScanRunID(
      high: word(1) & 0xffff_ffff_ffff_0fff | 0x8000,
      low: word(2) & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000)
  }

  /// The columns that ``init(row:)`` reads.
  init?(row: PostgresRow) {
    guard let granularity = Granularity(rawValue: UInt8(clamping: row.int64(1))),
      let state = State(rawValue: Int16(row.int64(6)))
    else { return nil }
    id = ScanRunID(row.uuid(0))
    self.granularity = granularity
    through = row.int32(2)
    from = row.optionalInt64(3).map { Int32($0) }
    ingestSequence = row.int64(4)
    notifiesHistory = row.bool(5)
    self.state = state
    seriesDue = row.int64(7)
    calendarSequence = row.optionalInt64(8) ?? 0
    settingSequence = row.optionalInt64(9) ?? 0
  }
}

extension ScanRunID {
  /// The identity as it is stored.
  init(_ id: PostgresUUID) { self.init(high: id.high, low: id.low) }

  /// The identity as it is stored.
  var stored: PostgresValue { .uuid(high: high, low: low) }

  /// The identity as a key of a job.
  var key: String {
    func digits(_ word: UInt64) -> String {
      let text = String(word, radix: 16)
      return String(repeating: "0", count: 16 - text.count) + text
    }
    return digits(high) + digits(low)
  }

  /// The identity that ``key`` wrote.
  init?(key: some StringProtocol) {
    guard key.utf8.count == 32, let high = UInt64(key.prefix(16), radix: 16),
      let low = UInt64(key.suffix(16), radix: 16)
    else { return nil }
    self.init(high: high, low: low)
  }
}
