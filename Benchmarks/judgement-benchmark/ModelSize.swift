import Baselines
internal import CBenchmarkFloors
import SeriesModel

/// What the models of one granularity take, in bytes a series.
struct ModelSize {
  /// As it is stored, mean and largest.
  let stored: Double
  let storedMax: Int
  /// In memory, with all that it points to.
  let memory: Double

  /// Walks some series over whole weeks of usage.
  init(_ granularity: Granularity, series: Int, buckets: Int) {
    let daily = granularity == .day
    var chance = Chance(state: 7)
    let before = Int(benchmark_heap_bytes())
    var models: [SeriesBaseline] = []
    models.reserveCapacity(series)
    for _ in 0..<series {
      var model = SeriesBaseline(kind: .count, granularity: granularity)
      let first = daily ? Workload.first : Workload.first * 24
      for step in 0..<buckets {
        let isWork = daily ? step % 7 < 5 : (8..<18).contains(step % 24)
        let value = ((isWork ? 100 : 30) * (1 + 0.2 * chance.unit)).rounded()
        model.advance(to: first + Int32(step), value: value)
      }
      models.append(model)
    }
    memory = Double(Int(benchmark_heap_bytes()) - before) / Double(series)
    let sizes = models.map { $0.encoded.count }
    stored = Double(sizes.reduce(0, +)) / Double(series)
    storedMax = sizes.max() ?? 0
  }
}
