import Baselines
import FindingsContract
import SeriesModel
import SeriesStore

/// A range of shards as it is stored, and what is known by now that its models do not know.
struct StoredRange: Sendable {
  /// Since when a model is wrong, and why.
  struct Staleness: Sendable, Hashable {
    var first: Int32
    var cause: ReviewCause
    /// Such as the name of the holiday.
    var detail: String
  }

  let list: SeriesList
  let metrics: [Metric]
  let states: [SeriesKey: StoredState]
  /// The series whose past is another one than their model has learned.
  private(set) var stale: [SeriesKey: Staleness] = [:]

  init(list: SeriesList, metrics: [Metric], states: [SeriesKey: StoredState]) {
    self.list = list
    self.metrics = metrics
    self.states = states
  }

  /// Notes that something of a series' past has changed; the earliest bucket counts.
  mutating func note(_ key: SeriesKey, _ staleness: Staleness) {
    guard let known = stale[key] else {
      stale[key] = staleness
      return
    }
    // The calendar has a name for it, whatever else has changed.
    var joined = known.cause == .calendar ? known : staleness
    joined.first = min(known.first, staleness.first)
    stale[key] = joined
  }
}

/// Brings the models of a range of shards into memory, as a run has to walk them.
struct RangeLoader: Sendable {
  /// The names that a cause tells.
  private static let namesLimit = 3

  let runs: ScanRunTable
  let reader: SeriesReader
  let calendar: ScanCalendar
  let settings: SettingsTable
  let cohorts: CohortTable

  /// Points as they were when the run was asked for.
  var points: PinnedPoints { PinnedPoints(pool: runs.pool, reader: reader) }

  /// Reads the series of some shards, their models, and what these do not know.
  func stored(_ run: ScanRun, shards: Range<Int>) async throws -> StoredRange {
    let list = try await reader.series(run.granularity, shards: shards)
    let (states, corrected) = try await StateTable.load(
      run.granularity, shards: shards, sequence: run.ingestSequence, from: runs.pool)
    let present = Set(list.series.map(\.metric))
    let metrics = try await reader.metrics().filter { present.contains($0.id) }
    var range = StoredRange(list: list, metrics: metrics, states: states)
    for (key, bucket) in corrected {
      range.note(key, StoredRange.Staleness(first: bucket, cause: .correction, detail: ""))
    }
    let sequences = Set(states.values.map(\.calendarSequence))
    for sequence in sequences.sorted() where sequence < run.calendarSequence {
      try await noteCalendar(after: sequence, run, &range)
    }
    return range
  }

  /// Notes what the calendar, and cohorts by it, have become for models that know it as it was.
  private func noteCalendar(
    after sequence: Int64, _ run: ScanRun, _ range: inout StoredRange
  ) async throws {
    let change = try await calendar.table.change(after: sequence, through: run.calendarSequence)
    let rows = range.list.series.indices.filter {
      range.states[range.list.series[$0]]?.calendarSequence == sequence
    }
    if change.entries.isEmpty || rows.isEmpty { return }
    let anew = try await cohorts.firstAnew(run.granularity, after: sequence)
    let places = Dictionary(
      uniqueKeysWithValues: zip(range.metrics.map(\.id), range.metrics.indices))
    let known = rows.filter { places[range.list.series[$0].metric] != nil }
    let through = known.map { range.states[range.list.series[$0]]?.through ?? .min }
    let differences = calendar.firstDifferences(
      change, run.granularity, through: through, customers: range.list.customers,
      metrics: range.metrics,
      members: known.map {
        (customer: range.list.customerIndex[$0], metric: places[range.list.series[$0].metric] ?? 0)
      })
    for (place, row) in known.enumerated() {
      let shared = anew.flatMap { $0 <= through[place] ? $0 : nil }
      guard let first = [differences[place], shared].compactMap({ $0 }).min() else { continue }
      let customer = range.list.customers[range.list.customerIndex[row]]
      range.note(
        range.list.series[row],
        StoredRange.Staleness(
          first: first, cause: .calendar, detail: Self.words(change.names(for: customer))))
    }
  }

  /// The first bucket of any series of a range that the calendar says something else of than it did.
  func firstDifference(
    _ change: CalendarChange, _ run: ScanRun, _ shards: Range<Int>, through last: Int32
  ) async throws -> Int32? {
    let list = try await reader.series(run.granularity, shards: shards)
    let present = Set(list.series.map(\.metric))
    let metrics = try await reader.metrics().filter { present.contains($0.id) }
    let places = Dictionary(uniqueKeysWithValues: zip(metrics.map(\.id), metrics.indices))
    let members = list.series.enumerated().compactMap { row, key in
      places[key.metric].map { (customer: list.customerIndex[row], metric: $0) }
    }
    return calendar.firstDifferences(
      change, run.granularity, through: members.map { _ in last }, customers: list.customers,
      metrics: metrics, members: members
    ).compactMap { $0 }.min()
  }

  /// Some names in at most 200 bytes.
  static func words(_ names: [String]) -> String {
    var words = names.prefix(namesLimit).joined(separator: ", ")
    if names.count > namesLimit { words += " and others" }
    while words.utf8.count > 200 { words.removeLast() }
    return words
  }

  /// The models of a range, where those that do not know all have to be rebuilt; silent ones only
  /// learn, whatever they have judged so far.
  func models(
    of run: ScanRun, _ range: StoredRange, isSilent: Bool = false, rebuildsAll: Bool = false
  ) async throws -> RangeModels {
    let models = try RangeModels.decoded(
      range.list, metrics: range.metrics, states: rebuildsAll ? [:] : range.states,
      stale: range.stale)
    // Where history begins is asked only for those that have to be walked from there.
    var whole: Set<CustomerID> = []
    for (key, model) in zip(range.list.series, models) where model == nil {
      whole.insert(key.customer)
    }
    var first = run.through
    if !whole.isEmpty {
      first = try await reader.firstBucket(run.granularity, of: whole.sorted()) ?? run.through
    }
    return try RangeModels(
      run: run, list: range.list, metrics: range.metrics,
      calendar: try await calendar.resolver(
        for: run, customers: range.list.customers, metrics: range.metrics),
      settings: try await settings.settings(asOf: run.settingSequence), states: range.states,
      models: models, first: min(first, run.through), isSilent: isSilent)
  }
}
