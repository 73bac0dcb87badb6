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
  let parameters = ModelParameters.parameters(for: evidence.bucket.granularity)
  let rules = evidence.windows.map { length in
    parameters.rules.first { $0.length == length }
  }
  let scales = SensitivityScales(evidence.sensitivity)
  let book = RuleBook(evidence.rules, metrics: evidence.metrics)
  let seed = evidence.fingerprint
  // One for all rows: each new one would take hold of every column of the batch.
  var test = RowTest(evidence: evidence, row: 0, scale: 1, parameters: parameters, rules: rules)
  for row in 0..<evidence.count {
    let scale = scales.scale(
      customer: evidence.customers[Int(evidence.customerIndex[row])],
      metric: evidence.metrics[Int(evidence.metricIndex[row])])
    let standing = book.rules(ofRow: row, in: evidence)
    test.row = row
    test.scale = scale
    var hash = ContentHash(seed: seed)
    hash.add(evidence.inputHash[row])
    hash.add(UInt64(evidence.flags[row].rawValue))
    hash.add(evidence.observed[row])
    hash.add(evidence.expected[row])
    hash.add(scale)
    test.add(standing, to: &hash)
    findings.evidenceHash.append(hash.value)
    let model = test.finding()
    let found = standing.isEmpty ? model : test.finding(model, rules: standing)
    if let found { findings.findings.append(found) }
  }
  return findings
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
