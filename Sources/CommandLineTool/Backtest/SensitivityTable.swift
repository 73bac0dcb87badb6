import Baselines
import Classification
import Replay
import SeriesModel

/// What a history comes to at several settings of the one number that people may turn.
struct SensitivityTable: Sendable {
  /// The scales of the table; 1 is what they are compared with.
  static let scales = [0.8, 0.9, 1, 1.1, 1.25, 1.5, 2]

  /// The settings that a walk judges with beside the nominal one, which comes first.
  static let others = scales.filter { $0 != 1 }.map {
    [SensitivityRule(scope: .organisation, scale: $0)]
  }

  /// One line of the table.
  struct Line: Sendable, Hashable {
    let scale: Double
    let alarms: Int
    let perWeek: Double
    let customers: Int
    /// Alarms of scale 1 that this one does not raise.
    let lost: Int
    /// Alarms that scale 1 does not raise.
    let gained: Int
    let types: [AnomalyType: Int]
  }

  let lines: [Line]

  /// Counts the alarms of a walk with ``others``.
  init(_ alarms: [ReplayedChange], of history: History) {
    let parted = Dictionary(grouping: alarms, by: \.setting)
    let nominal = parted[0] ?? []
    let bucketsPerWeek: Double =
      switch history.granularity {
      case .fiveMinutes: 2_016
      case .hour: 168
      case .day: 7
      case .week: 1
      }
    let weeks = Double(history.series.reduce(0) { $0 + $1.count }) / bucketsPerWeek
    let others = Self.scales.filter { $0 != 1 }
    lines = Self.scales.map { scale in
      let own =
        scale == 1 ? nominal : parted[(others.firstIndex(of: scale) ?? 0) + 1] ?? []
      let common = Self.common(own, nominal, history.granularity)
      return Line(
        scale: scale, alarms: own.count, perWeek: Double(own.count) / max(weeks, 1e-9) * 1_000,
        customers: Set(own.map { history.series[$0.series].customer }).count,
        lost: nominal.count - common, gained: own.count - common,
        types: Dictionary(own.map { ($0.episode.type, 1) }, uniquingKeysWith: +))
    }
  }

  /// Whom an alarm speaks of, to which side.
  private struct Side: Hashable {
    let scope: AnomalyScope
    let series: Int
    let direction: Direction
  }

  /// How many alarms two settings share: the same series or customer, to the same side, found no
  /// further apart than what joins one anomaly.
  private static func common(
    _ left: [ReplayedChange], _ right: [ReplayedChange], _ granularity: Granularity
  ) -> Int {
    let reach = MergeRules().joinBuckets(granularity)
    func sides(_ alarms: [ReplayedChange]) -> [Side: [Int32]] {
      Dictionary(grouping: alarms) { alarm in
        let isCohort = if case .cohort = alarm.scope { true } else { false }
        return Side(
          scope: alarm.scope, series: isCohort ? 0 : alarm.series,
          direction: alarm.episode.direction)
      }.mapValues { $0.map(\.bucket.index).sorted() }
    }
    let others = sides(right)
    var count = 0
    for (side, buckets) in sides(left) {
      var rest = (others[side] ?? [])[...]
      for bucket in buckets {
        rest = rest.drop { Int64($0) + Int64(reach) < Int64(bucket) }
        guard let next = rest.first, Int64(next) <= Int64(bucket) + Int64(reach) else { continue }
        rest.removeFirst()
        count += 1
      }
    }
    return count
  }

  /// The table as text, columns to the right but for the names.
  var text: [String] {
    let types = AnomalyType.allCases.filter { type in lines.contains { $0.types[type] != nil } }
    let head =
      ["scale", "alarms", "a week per 1,000", "customers", "lost", "gained"] + types.map(\.name)
    let rows = lines.map { line in
      [
        "\(line.scale)", "\(grouped(Int64(line.alarms)))", numberWords(line.perWeek),
        "\(grouped(Int64(line.customers)))", "\(grouped(Int64(line.lost)))",
        "\(grouped(Int64(line.gained)))",
      ] + types.map { line.types[$0].map { "\(grouped(Int64($0)))" } ?? "-" }
    }
    let widths = head.indices.map { place in
      ([head] + rows).map { $0[place].count }.max() ?? 0
    }
    return ([head] + rows).map { cells in
      cells.enumerated().map { place, cell in
        String(repeating: " ", count: widths[place] - cell.count) + cell
      }.joined(separator: "  ")
    }
  }
}
