import Classification
import Explaining
import SeriesModel

/// The file of what a backtest found: a row each time people would have been alarmed.
enum DetectionFile {
  /// The columns.
  static let head = "series_id,start,end,type,severity,score,detected_at"

  /// The types that the judge of `Tests/Quality` knows; others are written when asked for.
  static let judgedTypes: Set<String> = [
    "drop", "spike", "level_down", "level_up", "gradual_decline", "abandonment",
    "seasonal_change", "plateau", "adoption", "growth_stall", "platform_outage",
  ]

  /// The changes by which people hear of an anomaly that they did not know to be there; what only
  /// gets worse or better is told in the same thread.
  static func isAlarm(_ kind: AnomalyChangeKind) -> Bool {
    switch kind {
    case .opened, .reopened: true
    case .changed, .resolved, .dismissed, .withdrawn: false
    }
  }

  /// What the file calls the series of an alarm: `*` stands for all.
  static func name(_ scope: AnomalyScope, series: String, customer: String) -> String {
    switch scope {
    case .series: series
    case .customer: "\(customer)/*"
    case .cohort(let name): name.isEmpty ? "*" : "@\(name)/*"
    }
  }

  /// One row, with the numbers as they were known when it was found.
  static func row(_ name: String, _ episode: Episode, foundIn bucket: Bucket) -> String {
    let granularity = bucket.granularity
    let score = (episode.score * 10_000).rounded() / 10_000
    return [
      name.contains(",") ? "\"\(name)\"" : name,
      moment(Bucket(granularity, episode.startBucket)),
      moment(Bucket(granularity, episode.endBucket)), episode.type.name, episode.severity.name,
      "\(score)", moment(bucket),
    ].joined(separator: ",")
  }

  /// The beginning of a bucket: a date, or a date and a time where buckets are shorter than a day.
  static func moment(_ bucket: Bucket) -> String { momentText(bucket) }
}
