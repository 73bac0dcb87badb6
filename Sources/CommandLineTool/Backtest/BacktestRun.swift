import Baselines
import Classification
import Locking
import Replay
import SeriesModel

/// Judges a history on several threads; what comes out is the same for any number of them.
struct BacktestRun: Sendable {
  /// Series that are walked over together, but for whole customers; small enough that the threads
  /// end together and that their models stay in the cache.
  static let partSeries = 64

  /// Buckets between two looks at the progress.
  static let blockBuckets = 16

  /// Whole customers that stand together.
  private struct Part: Sendable {
    let from: Int
    let customers: ClosedRange<Int>
    var replay: HistoryReplay
    var alarms: [ReplayedChange] = []

    mutating func tally(_ bucket: Int32, of history: History) -> CohortTally {
      replay.tally(of: bucket) { history.value(from + $0, bucket) }
    }

    mutating func advance(to bucket: Int32, of history: History, _ cohorts: [CohortRow]) {
      let changes = replay.advance(
        to: bucket, values: { history.value(from + $0, bucket) }, cohorts: cohorts)
      for var change in changes where DetectionFile.isAlarm(change.kind) {
        change.series += from
        alarms.append(change)
      }
    }

    /// Takes a verdict by the places of the history; false where it speaks of nothing here.
    mutating func dismiss(_ verdict: ReplayedVerdict) -> Bool {
      var own = verdict
      switch verdict.scope {
      case .series(let place):
        guard place >= from, place < from + replay.count else { return false }
        own.scope = .series(place - from)
      case .customer(let place):
        guard customers.contains(place) else { return false }
        own.scope = .customer(place - customers.lowerBound)
      case .cohort: break
      }
      return replay.dismiss(own)
    }
  }

  private let history: History
  // A part is walked by one thread at a time, so its lock is never waited for, however long it is
  // held.
  private let parts: [Locked<Part>]
  /// Whether the customers are those of one business; else nobody is compared with anybody: there
  /// is no common shift and no platform event.
  private let hasCohorts: Bool
  /// What people said, in the order of its time.
  private let verdicts: [Verdict]

  /// Parts the history.
  ///
  /// - Parameters:
  ///   - history: The values.
  ///   - calendar: Holidays and known events.
  ///   - hasCohorts: Whether the customers are those of one business.
  ///   - sensitivity: How cautious judgement is within each scope.
  ///   - others: Further settings that are judged with in the same walk.
  ///   - staticRules: The thresholds that people have set.
  ///   - verdicts: What people said, in the order of its time; by the places of the history.
  init(
    _ history: History, calendar: BusinessCalendar, hasCohorts: Bool,
    sensitivity: [SensitivityRule] = [], others: [[SensitivityRule]] = [],
    staticRules: [StaticRule] = StaticRule.shipped, verdicts: [Verdict] = []
  ) {
    self.verdicts = verdicts
    self.history = history
    self.hasCohorts = hasCohorts
    var parts: [Locked<Part>] = []
    var from = 0
    while from < history.series.count {
      var to = min(from + Self.partSeries, history.series.count)
      while to < history.series.count,
        history.series[to].customer == history.series[to - 1].customer
      {
        to += 1
      }
      let first = history.series[from].customer
      let last = history.series[to - 1].customer
      let replay = HistoryReplay(
        granularity: history.granularity, customers: Array(history.customers[first...last]),
        metrics: history.metrics,
        members: history.series[from..<to].map {
          HistoryReplay.Member(customer: $0.customer - first, metric: $0.metric)
        }, calendar: calendar, sensitivity: sensitivity,
        others: others, staticRules: staticRules)
      parts.append(Locked(Part(from: from, customers: first...last, replay: replay)))
      from = to
    }
    self.parts = parts
  }

  /// What the buckets did to the cohorts; empty where nobody is compared with anybody.
  struct Cohorts: Sendable {
    private(set) var rows: [[CohortRow]] = []
    private let first: Int32

    init(from first: Int32) { self.first = first }

    mutating func append(_ next: [CohortRow]) { rows.append(next) }

    /// What a bucket did.
    subscript(_ bucket: Int32) -> [CohortRow] {
      let place = Int(bucket) - Int(first)
      return rows.indices.contains(place) ? rows[place] : []
    }
  }

  /// Judges the buckets.
  ///
  /// - Parameters:
  ///   - last: The last one that is judged; nil for all.
  ///   - threads: How many parts are walked at once.
  ///   - progress: Is told of the buckets that are done.
  /// - Returns: The alarms by bucket, series and side, what was common to the cohorts, and the
  ///   verdicts that spoke of nothing that was known at their time.
  func walk(
    through last: Int32? = nil, threads: Int, progress: (Int) -> Void
  ) async -> (alarms: [ReplayedChange], cohorts: Cohorts, unmet: [Verdict]) {
    var memory = CohortHistory(granularity: history.granularity)
    var kept = Cohorts(from: history.buckets.lowerBound)
    var waiting = verdicts[...]
    var unmet: [Verdict] = []
    for bucket in history.buckets where bucket <= last ?? .max {
      // Of the bucket in which it is given, nothing is judged yet: that is still open.
      while let next = waiting.first, next.given <= bucket {
        waiting.removeFirst()
        if !dismiss(next.verdict) { unmet.append(next) }
      }
      var cohorts: [CohortRow] = []
      if hasCohorts {
        let tally = Locked(CohortTally())
        await forEachPart(threads: threads) { part in
          let own = part.tally(bucket, of: history)
          tally.withLock { $0.join(own) }
        }
        cohorts = memory.rows(of: bucket, tally.withLock { $0 })
        kept.append(cohorts)
      }
      await forEachPart(threads: threads) { [cohorts] part in
        part.advance(to: bucket, of: history, cohorts)
      }
      let done = Int(bucket) - Int(history.buckets.lowerBound) + 1
      if done.isMultiple(of: Self.blockBuckets) { progress(done) }
    }
    let alarms = Self.joined(parts.flatMap { $0.withLock { $0.alarms } })
    return (alarms, kept, unmet + waiting)
  }

  /// Takes a verdict in all parts; false where none of them knows what it speaks of.
  private func dismiss(_ verdict: ReplayedVerdict) -> Bool {
    parts.reduce(false) { isFound, part in part.withLock { $0.dismiss(verdict) } || isFound }
  }

  /// The alarms in order; one of all parts, such as a platform event, stands once.
  private static func joined(_ alarms: [ReplayedChange]) -> [ReplayedChange] {
    struct Event: Hashable {
      var scope: AnomalyScope
      var start: Int32
      var reopenedIn: Int32?
      var setting: Int
    }
    var seen: Set<Event> = []
    return alarms.sorted { left, right in
      (left.bucket.index, left.series, left.episode.direction.rawValue, left.setting)
        < (right.bucket.index, right.series, right.episode.direction.rawValue, right.setting)
    }.filter { alarm in
      guard case .cohort = alarm.scope else { return true }
      let again = alarm.kind == .reopened ? alarm.bucket.index : nil
      return seen.insert(
        Event(
          scope: alarm.scope, start: alarm.episode.startBucket, reopenedIn: again,
          setting: alarm.setting)
      ).inserted
    }
  }

  /// Does something to all parts, on several threads; returns when all is done.
  private func forEachPart(
    threads: Int, _ body: @Sendable @escaping (inout Part) -> Void
  ) async {
    let next = Locked(0)
    await withDiscardingTaskGroup { group in
      for _ in 0..<min(threads, parts.count) {
        group.addTask {
          while true {
            let place = next.withLock { place in
              defer { place += 1 }
              return place
            }
            guard place < parts.count else { return }
            parts[place].withLock { body(&$0) }
          }
        }
      }
    }
  }
}
