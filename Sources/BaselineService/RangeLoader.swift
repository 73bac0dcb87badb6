import Baselines
import SeriesModel
import SeriesStore

/// Brings the models of a range of shards into memory, as a run has to walk them.
struct RangeLoader: Sendable {
  let runs: ScanRunTable
  let reader: SeriesReader
  let calendar: ScanCalendar
  let settings: SettingsTable

  /// Points as they were when the run was asked for.
  var points: PinnedPoints { PinnedPoints(pool: runs.pool, reader: reader) }

  /// Reads the series of some shards and their models; silent ones only learn, whatever they have
  /// judged so far.
  func models(
    of run: ScanRun, shards: Range<Int>, isSilent: Bool = false
  ) async throws -> RangeModels {
    let list = try await reader.series(run.granularity, shards: shards)
    let (states, corrected) = try await StateTable.load(
      run.granularity, shards: shards, sequence: run.ingestSequence, from: runs.pool)
    let present = Set(list.series.map(\.metric))
    let metrics = try await reader.metrics().filter { present.contains($0.id) }
    let models = try RangeModels.decoded(
      list, metrics: metrics, states: states, corrected: corrected)
    // Where history begins is asked only for those that have to be walked from there.
    var whole: Set<CustomerID> = []
    for (key, model) in zip(list.series, models) where model == nil { whole.insert(key.customer) }
    var first = run.through
    if !whole.isEmpty {
      first = try await reader.firstBucket(run.granularity, of: whole.sorted()) ?? run.through
    }
    return try RangeModels(
      run: run, list: list, metrics: metrics,
      calendar: try await calendar.resolver(for: run, customers: list.customers, metrics: metrics),
      settings: try await settings.settings(asOf: run.settingSequence), states: states,
      models: models, first: min(first, run.through), isSilent: isSilent)
  }
}
