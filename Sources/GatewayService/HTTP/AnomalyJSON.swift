internal import AnomalyContract
internal import Classification
internal import JSON
internal import RPC
internal import SeriesContract
internal import SeriesModel
internal import ServiceRuntime

/// Anomalies as the public API shows them: all that the chat needs to say, ready to be said.
enum AnomalyJSON {
  static func page(_ page: AnomalyPage) throws(GatewayError) -> JSONValue {
    var anomalies: [JSONValue] = []
    for anomaly in page.anomalies { anomalies.append(try value(anomaly)) }
    return [
      "customer": customer(page.customer),
      "anomalies": .array(anomalies),
      "next_page_token": .string(page.nextPageToken),
    ]
  }

  static func value(_ wire: AnomalyContract.Anomaly) throws(GatewayError) -> JSONValue {
    let anomaly: Classification.Anomaly
    do throws(RPCError) {
      anomaly = try Classification.Anomaly(wire)
    } catch {
      throw GatewayError(.internal, "classifier answered with an anomaly that cannot be read.")
    }
    let metric = anomaly.metric
    let dimensions = JSONObject(metric.dimensions.map { ($0.name, .string($0.value)) })
    let first = Bucket(metric.granularity, anomaly.startBucket)
    let last = Bucket(metric.granularity, anomaly.endBucket)
    return [
      "id": .string(anomaly.id.wireUUID.text),
      "customer": customer(SeriesContract.Customer(anomaly.customer)),
      "metric": [
        "name": .string(metric.name), "display_name": .string(metric.displayName),
        "dimensions": .object(dimensions), "unit": .string(metric.unit),
        "granularity": .string(metric.granularity.name),
      ],
      "scope": .string(scope(anomaly.reach.scope)),
      "members": [
        "count": .integer(Int64(anomaly.reach.memberCount)),
        "of": .integer(Int64(anomaly.reach.seriesCount)),
        "names": .array(anomaly.reach.members.map { .string($0) }),
      ],
      "type": .string(anomaly.type.name),
      "severity": .string(anomaly.severity.name),
      "display": .string(Wording.mark(anomaly)),
      "intent": .string(anomaly.intent.name),
      "state": .string(anomaly.state.name),
      "what_changed": .string(anomaly.summary),
      "duration": [
        "buckets": .integer(anomaly.durationBuckets),
        "text": .string(durationWords(anomaly.durationBuckets, metric.granularity)),
        "first": .string("\(first)"), "last": .string("\(last)"),
      ],
      "baseline": number(anomaly.baselineValue, metric),
      "actual": number(anomaly.actualValue, metric),
      "baseline_to_actual": .string(Wording.baselineLine(anomaly)),
      "deviation_percent": anomaly.deviationPercent.map { .number(rounded($0)) } ?? nil,
      "score": .number(rounded(anomaly.score)),
      "possible_cause": .string(anomaly.possibleCause),
      "actions": .array(
        anomaly.actions.map { ["id": .string($0.rawValue), "label": .string($0.label)] }),
      "detected_at": moment(anomaly.detectedUnixMicroseconds),
      "resolved_at": moment(anomaly.resolvedUnixMicroseconds),
      "dismissed_at": moment(anomaly.dismissal?.atUnixMicroseconds),
      "dismissed_by": anomaly.dismissal.map { .string($0.by.wireUUID.text) } ?? nil,
      "dismiss_reason": anomaly.dismissal.map { .string($0.reason) } ?? nil,
      "revision": .integer(Int64(anomaly.revision)),
    ]
  }

  private static func scope(_ scope: Classification.AnomalyScope) -> String {
    switch scope {
    case .series: "series"
    case .customer: "customer"
    case .cohort: "cohort"
    }
  }

  private static func customer(_ customer: SeriesContract.Customer) -> JSONValue {
    [
      "id": WireUUID(bytes: customer.id).map { .string($0.text) } ?? nil,
      "external_id": .string(customer.externalID),
      "name": .string(customer.name.isEmpty ? customer.externalID : customer.name),
      "segment": .string(customer.segment), "region": .string(customer.region),
      "owner": .string(customer.owner),
    ]
  }

  private static func number(_ value: Double, _ metric: SeriesModel.Metric) -> JSONValue {
    ["value": .number(value), "text": .string(Wording.valueWords(value, metric))]
  }

  private static func moment(_ unixMicroseconds: Int64?) -> JSONValue {
    unixMicroseconds.map { .string(Timestamp.text(unixMicroseconds: $0)) } ?? nil
  }

  /// More than two decimals of a percentage say nothing.
  private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}

extension JSONObject {
  /// Members from pairs in order.
  init(_ pairs: [(String, JSONValue)]) {
    self.init()
    for (key, value) in pairs { self[key] = value }
  }
}
