/// The numbers of ``StreamModel``, one set for all series.
public struct StreamParameters: Sendable, Hashable {
  /// A window of newest values beside the values before it.
  struct Window: Sendable, Hashable {
    /// How many newest values are averaged.
    let length: Int
    /// How many values before them tell what was usual.
    let reach: Int
  }

  /// The set that ships.
  public static let standard = StreamParameters()

  /// Score beyond which a value is out of the ordinary, at nominal sensitivity: what all
  /// measurements together go beyond their records, as a logarithm.
  public let threshold = 0.075

  /// Values before anything is judged: half a day of 5 minutes.
  public let warmUp = 150

  /// Each three times as long as the one before, so that a change of any length meets one that
  /// fits it, beside what is usual within two hours, four hours, eight hours and sixteen.
  let windows = [
    Window(length: 1, reach: 24), Window(length: 3, reach: 48), Window(length: 9, reach: 96),
    Window(length: 27, reach: 192),
  ]

  /// Values whose spread is measured: four hours.
  let spreadLength = 48

  /// Values whose mean step from one to the next is measured: two hours.
  let stepLength = 24

  /// Values whose mean is measured as it is: three hours.
  let levelLength = 36

  /// Values for which everything is kept: the longest window with what stands before it.
  let capacity = 219

  /// Share of the long-run variance below which a local variance is not believed.
  let varianceFloor = 0.01

  /// Values over which means and spreads of the measurements are learned.
  let memory = 4_000

  /// What is left of a record's distance from the mean after one value: half in 48 days.
  let recordDecay = 0.99995

  /// Standard deviations below which a record is not believed.
  let recordFloor = 0.7

  /// Share of the level below which a record is rounding.
  let roundingFloor = 1e-9

  /// Most that one measurement may add, as a logarithm, however low its record was.
  let excessMax = 2.0

  /// Values of a measurement before it is judged.
  let recordFrom = 60

  /// Values after an excursion in which another one is taken for the same: five hours.
  let quietValues = 60

  /// Times the score of an excursion at which another is news even so soon.
  let louder = 8.0

  /// By how much the threshold rises with each excursion that is still remembered.
  let habit = 0.5

  /// What is left of that memory after one value: half in seven days.
  let habitDecay = 0.999_653_486_459_409_3

  /// Largest magnitude that is told apart from larger ones, so that no square is infinite.
  let magnitudeMax = 1e100
}
