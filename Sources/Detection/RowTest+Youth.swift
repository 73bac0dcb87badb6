import Baselines
import SeriesModel

/// What a young series must show before its windows are believed.
extension RowTest {
  /// Zeros where more than so much is expected are hardly chance.
  private static let unlikelyZero = 3.0

  /// One zero in so many buckets is a habit.
  private static let habitShare = 8

  /// Whether a young series has something wherever something is expected, but for what the window
  /// looks at and what is out beside it.
  ///
  /// A habit of zeros takes weeks to be learned; until then the next run of them looks like a fall.
  func isUsedSteadily<Log: DecisionLog>(
    before length: Int, isUp: Bool, _ log: inout Log
  ) -> Bool {
    guard evidence.flags[row].contains(.learning), metricKind == .count,
      length < EvidenceBatch.ringLength
    else { return true }
    let cells = detail * EvidenceBatch.ringLength..<(detail + 1) * EvidenceBatch.ringLength - length
    let before = cells.prefix { cell in
      !cells[cell...].allSatisfy { isOut($0, isUp: isUp) }
    }
    let values = before.filter {
      evidence.ringExpected[$0] > Self.unlikelyZero && evidence.ringObserved[$0].isFinite
    }
    let zeros = values.count { evidence.ringObserved[$0] <= 0 }
    let habit = max(2, (values.count + Self.habitShare - 1) / Self.habitShare)
    return log.ask(.steadyUse, zeros < habit, Double(zeros), Double(habit))
  }
}
