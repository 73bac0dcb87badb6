import SeriesModel

/// When a cohort says something, one set of numbers for each granularity.
struct CohortRules: Sendable, Hashable {
  /// Customers from which on a cohort has a shift of its own; smaller ones share that of all.
  var shiftMembers = 12
  /// Customers from which on all have a shift at all.
  var leastMembers = 5
  /// Standard errors and log ratio by which a shift is drawn to 0: what few customers did is chance.
  var softErrors = 2.0
  var softShift = 0.03
  /// Whether ordinary shifts are followed, beside platform events.
  var hasShift = true

  /// Events by which the shift of series with few events is drawn to 0.
  var shareEvents = 10.0

  /// A platform event of all: the median log ratio, how far it must lie beyond what is usual, the
  /// share of customers below ``memberEffect``, and how many there must be.
  var outageEffect = -0.45
  var outageDeviations = 6.0
  var outageShare = 0.6
  var outageMembers = 12
  var memberEffect = -0.35
  /// The same of one cohort.
  var cohortOutageEffect = -0.6
  var cohortOutageShare = 0.75
  var cohortOutageMembers = 5

  /// Buckets within which another such bucket belongs to the same event.
  var joinBuckets: Int32 = 4

  /// How much of the members' drift is taken for the cohort's, from how many on.
  var driftMembers = 40
  /// Members from which on a season's shape is pooled.
  var profileMembers = 5

  static func rules(for granularity: Granularity) -> CohortRules {
    switch granularity {
    case .day, .week: CohortRules()
    case .hour, .fiveMinutes:
      CohortRules(
        hasShift: false, outageEffect: -0.7, outageShare: 0.7, memberEffect: -0.5,
        cohortOutageEffect: -0.9, joinBuckets: 6)
    }
  }
}
