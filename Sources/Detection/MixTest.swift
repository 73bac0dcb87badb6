import Baselines
import SeriesModel

/// How a customer spreads what it does over its features: the last three weeks beside the five
/// before them.
///
/// The distance is that of Jensen and Shannon, the root of their divergence, in per cent: 0 for the
/// same shares, 100 where nothing is used that was used before. It is measured once a week, and only
/// where the total has hardly moved: what all of it does is told by other tests.
struct MixTest {
  /// One feature of the customer.
  private struct Part {
    let row: Int
    /// A day, in the last weeks.
    let now: Double
    /// A day, in the weeks before.
    let before: Double
    /// One standard deviation of a day around what is normal for it.
    let deviation: Double
  }

  /// Weeks of the ring are held against the rest of the values that the plain statistics are of.
  private static let valuesBehindMean = 56

  /// Features below which there is no mix.
  private static let partsMin = 3

  /// The log of the change of the total up to which it is flat.
  private static let flat = 0.25

  /// Deviations by which the share of the feature must differ; two-fold since days resemble each
  /// other.
  private static let deviationsMin = 8.0

  /// What moved most in a customer's mix.
  struct Moved {
    let rule: StaticRule
    let row: Int
    /// In per cent.
    let distance: Double
    /// A day, in the last weeks.
    let now: Double
    /// A day, had it kept its share.
    let expected: Double
  }

  /// The feature of a customer that has moved most; nil where the mix is as it was.
  private static func moved(
    rows: [Int], rule: StaticRule, in evidence: EvidenceBatch
  ) -> Moved? {
    let parts = rows.compactMap { part(row: $0, in: evidence) }
    // A feature that cannot be compared is missing from both shares.
    guard parts.count >= partsMin, parts.count == rows.count else { return nil }
    let now = parts.reduce(0) { $0 + $1.now }
    let before = parts.reduce(0) { $0 + $1.before }
    guard min(now, before) >= max(rule.minimum, 1),
      naturalLogarithm(now / before).magnitude < flat
    else { return nil }
    var divergence = 0.0
    var best: (part: Part, share: Double)?
    for part in parts {
      let share = contribution(part.now / now, part.before / before)
      divergence += share
      if share > best?.share ?? 0 { best = (part, share) }
    }
    guard let part = best?.part else { return nil }
    let expected = part.before * now / before
    let noise = part.deviation * (1.0 / 21 + 1.0 / 36).squareRoot()
    guard (part.now - expected).magnitude > deviationsMin * noise else { return nil }
    let distance = max(0, divergence).squareRoot() * 100
    guard distance > rule.threshold else { return nil }
    return Moved(
      rule: rule, row: part.row, distance: distance, now: part.now, expected: expected)
  }

  private static func part(row: Int, in evidence: EvidenceBatch) -> Part? {
    guard Int(evidence.age[row]) > valuesBehindMean, let place = evidence.detail(of: row) else {
      return nil
    }
    let ring = evidence.ringObserved[
      place * EvidenceBatch.ringLength..<(place + 1) * EvidenceBatch.ringLength]
    let sum = ring.reduce(0, +)
    guard sum.isFinite, sum >= 0 else { return nil }
    let newest = evidence.observed[row]
    let earlier = Double(valuesBehindMean - EvidenceBatch.ringLength + 1)
    let whole = evidence.mean[place] * Double(valuesBehindMean)
    return Part(
      row: row, now: sum / Double(EvidenceBatch.ringLength),
      before: max(0, (whole - sum + newest) / earlier),
      deviation: evidence.deviation[row])
  }

  /// What one share adds to the divergence to the base 2.
  private static func contribution(_ left: Double, _ right: Double) -> Double {
    let middle = (left + right) / 2
    func half(_ share: Double) -> Double {
      share > 0 ? share * naturalLogarithm(share / middle) / 2 : 0
    }
    return (half(left) + half(right)) / naturalLogarithm(2)
  }
}

extension MixTest {
  /// What moved most in the mix of each customer of a batch, by row.
  ///
  /// - Parameters:
  ///   - evidence: The batch.
  ///   - rule: For a row the rule that stands.
  /// - Returns: At most one row a customer.
  static func moved(
    in evidence: EvidenceBatch, rule: (Int) -> StaticRule?
  ) -> [Int: Moved] {
    guard evidence.bucket.granularity == .day, evidence.bucket.seasonSlot == 0,
      evidence.rules.contains(where: { $0.comparison == .mixShift })
    else { return [:] }
    var found: [Int: Moved] = [:]
    var from = 0
    while from < evidence.count {
      let customer = evidence.customerIndex[from]
      let to = evidence.customerIndex[from...].firstIndex { $0 != customer } ?? evidence.count
      var rows: [Int] = []
      var standing: StaticRule?
      for row in from..<to where evidence.metrics[Int(evidence.metricIndex[row])].kind == .count {
        guard let own = rule(row) else { continue }
        standing = standing ?? own
        rows.append(row)
      }
      if let standing, let most = moved(rows: rows, rule: standing, in: evidence) {
        found[most.row] = most
      }
      from = to
    }
    return found
  }
}

extension RowTest {
  /// Adds what moved in the customer's mix to what was found, or finds it itself.
  func finding(_ found: Finding?, moved: MixTest.Moved?) -> Finding? {
    guard let moved, evidence.flags[row].isDisjoint(with: [.missing, .outage, .holiday]) else {
      return found
    }
    let change = WindowRule.change(
      sum: moved.now, expected: moved.expected, deviation: 0, valid: 1, kind: metricKind)
    var all =
      found
      ?? finding(
        .mixShift, length: EvidenceBatch.ringLength, observed: moved.now,
        expected: moved.expected, score: min(max(moved.distance / moved.rule.threshold, 1), 10),
        logRatio: change)
    if found == nil {
      all.rule = moved.rule.name
      all.severityFloor = moved.rule.severity
    }
    if all.tests.count < Finding.testsMax {
      all.tests.append(
        TestResult(
          test: .rule, window: EvidenceBatch.ringLength, statistic: moved.distance,
          threshold: moved.rule.threshold, fired: true))
    }
    return all
  }
}
