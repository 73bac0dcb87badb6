public import SeriesModel

/// How far the same change is shared in the same bucket, by what was judged together.
public struct SharedMovement: Sendable, Hashable {
  /// Series of the same customer that moved to the same side, this one among them.
  public var seriesMoved: Int
  /// Series of the same customer that were judged.
  public var seriesJudged: Int
  /// Customers of the same segment of which a series of that metric's name moved to the same side.
  public var customersMoved: Int
  /// Customers of the same segment that were judged on that metric.
  public var customersJudged: Int
  /// The segment; empty when customers have none.
  public var segment: String

  /// Gathers the counts.
  public init(
    seriesMoved: Int = 1, seriesJudged: Int = 1, customersMoved: Int = 1,
    customersJudged: Int = 1, segment: String = ""
  ) {
    self.seriesMoved = seriesMoved
    self.seriesJudged = seriesJudged
    self.customersMoved = customersMoved
    self.customersJudged = customersJudged
    self.segment = segment
  }

  /// Whether so many customers moved together that the cause is hardly the customer's own.
  public var isOfSegment: Bool {
    customersJudged >= 4 && customersMoved >= 3 && customersMoved * 2 >= customersJudged
  }

  /// Whether most of what the customer does moved together.
  public var isOfCustomer: Bool { seriesMoved >= 3 && seriesMoved * 2 >= seriesJudged }
}

extension Wording {
  /// What may be behind an anomaly, in words; a suggestion, with numbers where there are any.
  ///
  /// What is shared with others comes first: a cause outside the customer is the better explanation
  /// when many move at once.
  public static func possibleCause(
    type: AnomalyType, metric: Metric, shared: SharedMovement = SharedMovement()
  ) -> String {
    let moved =
      switch type.direction {
      case .down: "went down"
      case .up: "went up"
      case .neither: "changed"
      }
    if shared.isOfSegment {
      let segment = shared.segment.isEmpty ? "" : " of segment \(oneLine(shared.segment))"
      return "Shared cause: \(shared.customersMoved) of \(shared.customersJudged) customers"
        + "\(segment) \(moved) at the same time"
    }
    let own = ownCause(type: type, metric: metric)
    guard shared.isOfCustomer else { return own }
    return "\(own); \(shared.seriesMoved) of \(shared.seriesJudged) of the customer's figures"
      + " \(moved) together"
  }

  private static func ownCause(type: AnomalyType, metric: Metric) -> String {
    switch type {
    case .abandonment where metric.kind == .count: return "Training gap or competing tool"
    case .gradualDecline where metric.kind == .count: return "Falling engagement or migration"
    case .growthStall: return "Saturation or a competing tool"
    case .adoption: return "New use case or new team"
    case .seasonalChange: return "Changed working pattern or changed schedule"
    case .plateau: return "A limit of the plan, a scheduled job or a stuck feed"
    case .mixShift: return "Changed use or a new team"
    case .platformOutage: return "A problem of the platform or of the reporting"
    case .drop, .spike, .levelDown, .levelUp, .gradualDecline, .abandonment: break
    }
    let isDown = type.direction == .down
    switch Intent(type, metric.polarity) {
    case .risk where isDown:
      switch metric.kind {
      case .count:
        return type.isLasting ? "Migration or competing tool" : "Integration issue or migration"
      case .money:
        return type.isLasting ? "Downgrade or lost contract" : "Late billing or lost order"
      case .gauge, .ratio: return "Unresolved problem or falling engagement"
      }
    case .risk:
      switch metric.kind {
      case .count: return "Incident or disruption at the customer"
      case .money: return "Unplanned cost or billing error"
      case .gauge, .ratio: return "Overload or unresolved problem"
      }
    case .opportunity where isDown: return "Problem solved or process improved"
    case .opportunity:
      switch metric.kind {
      case .count: return "Team expansion or new use case"
      case .money: return "Growing business or larger order"
      case .gauge, .ratio: return "Problem solved or growing engagement"
      }
    case .neutral, .dataQuality: return "Changed use or changed reporting"
    }
  }
}
