public import Baselines
import SeriesModel

/// Tests every row of evidence and says what was found.
///
/// A function of the batch alone: the same evidence gives the same findings, to the byte.
public func judge(_ evidence: EvidenceBatch, notify: Bool) -> FindingsBatch {
  var findings = FindingsBatch(
    runID: evidence.runID, bucket: evidence.bucket, revision: evidence.revision,
    modelVersion: evidence.modelVersion, notify: notify, customers: evidence.customers,
    metrics: evidence.metrics)
  findings.cohorts = evidence.cohorts
  findings.customerIndex = evidence.customerIndex
  findings.metricIndex = evidence.metricIndex
  findings.flags = evidence.flags
  findings.observed = evidence.observed
  findings.expected = evidence.expected
  findings.z = evidence.z
  findings.evidenceHash.reserveCapacity(evidence.count)
  var judging = Judging(evidence)
  var details = evidence.detailed.makeIterator()
  var detailed = details.next()
  for row in 0..<evidence.count {
    judging.enter(row)
    findings.evidenceHash.append(judging.hash)
    guard let next = detailed, next == row else { continue }
    if let finding = judging.finding() { findings.findings.append(finding) }
    judging.leaveDetail()
    detailed = details.next()
  }
  return findings
}

/// The rows of one batch, judged one after the other.
struct Judging {
  let scales: SensitivityScales
  private let seed: UInt64
  // One for all rows: each new one would take hold of every column of the batch.
  private(set) var test: RowTest
  private let book: RuleBook
  /// What moved most in the mix of each customer, by row.
  private let moved: [Int: MixTest.Moved]
  /// The static rules that hold for the row.
  private var standing: [StaticRule] = []

  init(_ evidence: EvidenceBatch) {
    let parameters = ModelParameters.parameters(for: evidence.bucket.granularity)
    let rules = evidence.windows.map { length in
      parameters.rules.first { $0.length == length }
    }
    scales = SensitivityScales(evidence.sensitivity)
    let book = RuleBook(evidence.rules, metrics: evidence.metrics)
    self.book = book
    moved = MixTest.moved(in: evidence) { book.mixRule(ofRow: $0, in: evidence) }
    seed = evidence.fingerprint
    test = RowTest(
      evidence: evidence, row: 0, detail: 0, scale: 1, parameters: parameters, rules: rules)
  }

  /// Goes to a row.
  mutating func enter(_ row: Int) {
    test.row = row
    test.scale =
      scales.common
      ?? scales.scale(
        customer: test.evidence.customers[Int(test.evidence.customerIndex[row])],
        metric: test.evidence.metrics[Int(test.evidence.metricIndex[row])])
    standing = book.rules(ofRow: row, in: test.evidence)
  }

  /// Goes on to the next place in the columns of detail.
  mutating func leaveDetail() { test.detail += 1 }

  /// Goes to the place of the row that was entered in the columns of detail.
  ///
  /// - Precondition: The row is a detailed one.
  mutating func enterDetail() {
    guard let place = test.evidence.detail(of: test.row) else {
      preconditionFailure("row \(test.row) shows too little to be judged")
    }
    test.detail = place
  }

  /// What was found by models and rules, or nil.
  func finding() -> Finding? {
    var log = NoLog()
    return finding(&log)
  }

  /// What was found by models and rules, or nil, with a listener to every condition.
  func finding<Log: DecisionLog>(_ log: inout Log) -> Finding? {
    let model = test.finding(&log)
    let found = standing.isEmpty ? model : test.finding(model, rules: standing, &log)
    return moved.isEmpty ? found : test.finding(found, moved: moved[test.row])
  }

  /// Of the row and the settings it is judged with.
  var hash: UInt64 {
    var hash = ContentHash(seed: seed)
    hash.add(test.evidence.inputHash[test.row])
    hash.add(UInt64(test.evidence.flags[test.row].rawValue))
    hash.add(test.evidence.observed[test.row])
    hash.add(test.evidence.expected[test.row])
    hash.add(test.scale)
    if let mix = moved[test.row] { hash.add(mix.distance) }
    test.add(standing, to: &hash)
    return hash.value
  }
}

extension EvidenceBatch {
  /// Of what all rows share and what was decided with: bucket, revision, versions.
  fileprivate var fingerprint: UInt64 {
    var hash = ContentHash(seed: UInt64(bucket.granularity.rawValue))
    hash.add(UInt64(UInt32(bitPattern: bucket.index)))
    hash.add(UInt64(revision))
    hash.add(modelVersion)
    hash.add(ModelParameters.version)
    return hash.value
  }
}
