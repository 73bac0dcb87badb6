/// What a sparse series shows in one bucket.
struct SparseEvidence: Sendable, Hashable {
  /// What the rate before the silence leads one to expect of a bucket, in the metric's unit.
  var expected: Double
  /// One standard deviation of the bucket.
  var deviation: Double
  /// Buckets in a row without activity, this one among them.
  var silentBuckets: Int
  /// Minus the log of the chance of the silence while the customer stays.
  var silence: Double
  /// Minus the log of the chance that the customer goes on with at least half.
  var risk: Double
}

extension EvidenceBatch {
  /// Has the last row say what a sparse series shows in place of what windows over a level say.
  mutating func showSparse(_ shown: SparseEvidence, isDetailed: Bool) {
    let row = count - 1
    expected[row] = shown.expected
    deviation[row] = shown.deviation
    z[row] = 0
    guard isDetailed else { return }
    for cell in windowValid.indices.suffix(windows.count) { windowValid[cell] = 0 }
    zeroRun[zeroRun.count - 1] = UInt32(shown.silentBuckets)
  }
}
