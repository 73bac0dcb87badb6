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
