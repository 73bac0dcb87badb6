internal import SeriesModel

// Labels that are made of several facts or words.
extension Notice {
  /// Which way the values went: "down" or "up"; empty where neither says it.
  ///
  /// By the type, which does not change its mind from one bucket to the next.
  public var direction: String {
    switch type {
    case "drop", "level_down", "gradual_decline", "abandonment", "growth_stall",
      "platform_outage":
      "down"
    case "spike", "level_up", "adoption": "up"
    default: ""
    }
  }

  var metricKindName: String {
    switch metricKind {
    case .count: "count"
    case .gauge: "gauge"
    case .money: "money"
    case .ratio: "ratio"
    }
  }
}
