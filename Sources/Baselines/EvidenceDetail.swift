/// Of which rows a batch shows more than the newest bucket.
///
/// Most rows have nothing that any test could find. For these, windows, statistics and the values
/// of before are neither worked out nor sent.
public enum EvidenceDetail: Sendable, Hashable {
  /// Of all, for people who ask why nothing was found.
  case everywhere
  /// Where a test may find something with thresholds multiplied by this or more.
  case notable(scale: Double)

  /// Rows in which something may be found by the most sensitive of settings or by the nominal one.
  public init(_ settings: some Sequence<SensitivityRule>) {
    self = .notable(scale: settings.reduce(1) { min($0, $1.scale) })
  }
}
