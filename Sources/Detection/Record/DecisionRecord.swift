public import Baselines
public import SeriesModel

/// Everything that the decision about one row rests on: what was seen, the settings, every test and
/// every condition, held or not.
///
/// The same evidence gives the same record. It is made by the function that a scan decides with,
/// which is only listened to, so that it cannot say anything else than what was done.
public struct DecisionRecord: Sendable, Hashable {
  /// Whose series it is.
  public var customer: Customer
  /// What it measures.
  public var metric: Metric
  /// The bucket that was judged.
  public var bucket: Bucket
  /// 1 at the close, higher after a correction; 0 is on arrival.
  public var revision: UInt32
  /// The version of the formulas.
  public var modelVersion: String
  /// Of the points and the state that the row was made from.
  public var inputHash: UInt64
  /// Of the row and the settings that it was judged with.
  public var evidenceHash: UInt64
  /// What the thresholds were multiplied by, and where that was set; nil where nobody set it.
  public var scale: Double
  /// The scope of the setting that decided; nil where there is none.
  public var scope: Scope?
  /// What is special about the row.
  public var flags: EvidenceFlags
  /// Buckets learned from, and how many are needed for full judgement.
  public var age: Int
  /// Buckets needed before full judgement begins.
  public var ageNeeded: Int
  /// The value; NaN where missing.
  public var observed: Double
  /// What was normal; NaN before anything was learned.
  public var expected: Double
  /// One standard deviation of the observation around what is normal.
  public var deviation: Double
  /// Distance of the bucket alone, in deviations; 0 where there is none.
  public var z: Double
  /// What the bucket did to the cohort, and to all; nil where nobody is compared.
  public var cohort: CohortRow?
  /// The conditions of the row as a whole.
  public var gates: [Gate]
  /// Every way in which it might have been out of the ordinary.
  public var trials: [Trial]
  /// Whether a person has muted what the models found.
  public var isMuted: Bool
  /// Every test with its numbers, the textbook ones too.
  public var tests: [TestResult]
  /// What was found, or nil.
  public var finding: Finding?

  /// Whether the conditions say that something was found; there is a finding exactly then.
  ///
  /// Rules ask for no condition of the row beside their own.
  public var isFired: Bool { trials.contains(where: counts) }

  /// Whether a trial speaks for a finding.
  private func counts(_ trial: Trial) -> Bool {
    trial.isFired && (trial.name == .rule || !isMuted && gates.allSatisfy(\.isPassed))
  }

  /// The trial that decided, or nil.
  public var deciding: Trial? {
    guard finding != nil else { return nil }
    let fired = trials.filter(counts)
    guard let first = fired.first, first.name == .window else { return fired.first }
    if let standing = fired.first(where: { $0.name == .standstill }) { return standing }
    return fired.filter { $0.name == .window }.max { $0.ratio < $1.ratio }
  }
}

extension CohortRow {
  /// The row that says most of a customer: a platform event of its cohort or of all, else its
  /// cohort's, else that of all; nil where nobody is compared.
  public static func deciding(_ rows: [CohortRow], for customer: Customer) -> CohortRow? {
    let own = rows.first { $0.cohort == customer.cohort }
    let all = rows.first { $0.cohort.isEmpty }
    return [own, all].compactMap { $0 }.first { $0.outageSince != nil } ?? own ?? all
  }
}

extension Trial {
  /// Statistic over threshold, without its sign.
  public var ratio: Double { threshold > 0 ? statistic.magnitude / threshold : 0 }
}

/// Decides one row of evidence and tells everything that the decision rests on.
///
/// - Parameters:
///   - evidence: The batch.
///   - row: A detailed row of it.
/// - Returns: The record, whose finding is the one that ``judge(_:notify:)`` comes to.
public func decide(_ evidence: EvidenceBatch, row: Int) -> DecisionRecord {
  var judging = Judging(evidence)
  judging.enter(row)
  judging.enterDetail()
  var log = FullLog()
  let finding = judging.finding(&log)
  let customer = evidence.customers[Int(evidence.customerIndex[row])]
  let metric = evidence.metrics[Int(evidence.metricIndex[row])]
  return DecisionRecord(
    customer: customer, metric: metric, bucket: evidence.bucket, revision: evidence.revision,
    modelVersion: evidence.modelVersion, inputHash: evidence.inputHash[row],
    evidenceHash: judging.hash, scale: judging.test.scale,
    scope: judging.scales.rule(customer: customer, metric: metric)?.scope,
    flags: evidence.flags[row], age: Int(evidence.age[row]),
    ageNeeded: judging.test.parameters.warmUp, observed: evidence.observed[row],
    expected: evidence.expected[row], deviation: evidence.deviation[row], z: evidence.z[row],
    cohort: CohortRow.deciding(evidence.cohorts, for: customer), gates: log.gates,
    trials: log.trials, isMuted: log.isMuted, tests: finding?.tests ?? judging.test.tests(),
    finding: finding)
}
