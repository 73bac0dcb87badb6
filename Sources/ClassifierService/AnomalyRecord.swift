internal import AnomalyContract
internal import Classification
internal import Cryptography
internal import Postgres
internal import SeriesContract
internal import SeriesModel

/// An anomaly as it is stored.
struct AnomalyRecord: Sendable, Hashable {
  var id: AnomalyID
  var customer: SeriesModel.Customer
  var metric: SeriesModel.Metric
  var episode: Episode
  /// Whether people are told of its changes; history is not told.
  var isHeard: Bool
  var revision: UInt32
  var detectedUnixMicroseconds: Int64
  var resolvedUnixMicroseconds: Int64?
  var dismissal: Dismissal?
  var possibleCause: String
  var evidence: StoredEvidence
  /// Whom and what it speaks of, and who speaks for it.
  var reach = Reach()

  /// What set the present severity.
  struct StoredEvidence: Sendable, Hashable {
    /// The finding as the contract writes it.
    var finding: [UInt8]
    var modelVersion: String
    var hash: UInt64
  }

  var key: SeriesKey { SeriesKey(customer.id, metric.id) }

  var intent: Classification.Intent { Intent(episode.type, metric.polarity) }

  /// The anomaly as other stages know it; words follow from the numbers.
  var anomaly: Classification.Anomaly {
    Classification.Anomaly(
      id: id, customer: customer, metric: metric, type: episode.type, severity: episode.severity,
      intent: intent, state: episode.state, startBucket: episode.startBucket,
      endBucket: episode.endBucket, baselineValue: episode.baselineValue,
      actualValue: episode.actualValue, score: episode.score,
      detectedUnixMicroseconds: detectedUnixMicroseconds,
      resolvedUnixMicroseconds: resolvedUnixMicroseconds, dismissal: dismissal,
      summary: Wording.summary(
        type: episode.type, metric: metric, actual: episode.actualValue,
        baseline: episode.baselineValue, durationBuckets: episode.durationBuckets, reach: reach),
      possibleCause: possibleCause,
      actions: SuggestedAction.suggested(for: episode.type, intent), revision: revision,
      reach: reach)
  }

  /// The identity of an anomaly, the same whenever and wherever it is found: a UUID of version 8
  /// from the series, the first bucket and the side.
  static func makeID(
    _ series: SeriesKey, startBucket: Int32, direction: Classification.Direction
  ) -> AnomalyID {
    let name =
      "tidemark/anomaly/\(series.customer.wireUUID.text)/\(series.metric.number)/\(startBucket)"
      + "/\(direction.rawValue)"
    return AnomalyID(.derived(from: name))
  }
}

extension WireUUID {
  /// The UUID of version 8 that stands for a name.
  static func derived(from name: String) -> WireUUID {
    var bytes = Array(SHA256.hash(name).prefix(16))
    bytes[6] = bytes[6] & 0x0f | 0x80
    bytes[8] = bytes[8] & 0x3f | 0x80
    guard let id = WireUUID(bytes: bytes) else {
      preconditionFailure("sixteen bytes make a UUID")
    }
    return id
  }
}

extension AnomalyID {
  var postgres: PostgresUUID { PostgresUUID(high: high, low: low) }

  init(_ id: PostgresUUID) { self.init(high: id.high, low: id.low) }
}

extension CustomerID {
  var postgres: PostgresUUID { PostgresUUID(high: high, low: low) }

  init(_ id: PostgresUUID) { self.init(high: id.high, low: id.low) }
}
