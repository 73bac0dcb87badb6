/// One thing that a preview is made over: what was or would be told.
public struct PreviewedNotice: Sendable, Hashable {
  /// Of which anomaly.
  public var anomaly: AnomalyReference
  /// What routes saw.
  public var labels: Labels
  /// When, in microseconds since 1970.
  public var at: Int64
  /// Whether the anomaly is still there.
  public var isFiring: Bool

  /// Gathers one thing.
  public init(anomaly: AnomalyReference, labels: Labels, at: Int64, isFiring: Bool) {
    self.anomaly = anomaly
    self.labels = labels
    self.at = at
    self.isFiring = isFiring
  }
}

/// What a silence would hide, so that nobody hides more than they meant to.
public struct SilencePreview: Sendable, Hashable {
  /// Anomalies that are there now and would be hidden, each once, in the order given.
  public var now: [AnomalyReference]
  /// Anomalies of the past days that would have been hidden, each once, in the order given.
  public var past: [AnomalyReference]
  /// How many notices of the past days would not have been sent.
  public var pastNotices: Int
  /// How many notices of the past days there were in all.
  public var pastNoticesInAll: Int
}

/// Tries a silence on what there is and on what there was in the seven days before.
///
/// Only its matchers are looked at, since it is to be known what it hides before it begins.
///
/// - Parameters:
///   - silence: What is to be tried.
///   - notices: What there is and was; older ones are left out unless they are still firing.
///   - now: In microseconds since 1970.
/// - Returns: Counts and ids.
public func preview(
  _ silence: Silence, over notices: some Sequence<PreviewedNotice>, at now: Int64
) -> SilencePreview {
  let start = now - 7 * 86_400 * 1_000_000
  var preview = SilencePreview(now: [], past: [], pastNotices: 0, pastNoticesInAll: 0)
  var seenNow: Set<AnomalyReference> = []
  var seenPast: Set<AnomalyReference> = []
  for notice in notices where notice.at <= now {
    let isRecent = notice.at >= start
    if isRecent { preview.pastNoticesInAll += 1 }
    guard isRecent || notice.isFiring, silence.matches(notice.labels) else { continue }
    if notice.isFiring, seenNow.insert(notice.anomaly).inserted {
      preview.now.append(notice.anomaly)
    }
    guard isRecent else { continue }
    preview.pastNotices += 1
    if seenPast.insert(notice.anomaly).inserted { preview.past.append(notice.anomaly) }
  }
  return preview
}
