import AnomalyContract
import Classification
import ClassifierService
import PointsContract
import RPC
import SeriesContract
import SeriesModel
import ServiceRuntime

/// What people have said is no problem of a series' bucket, as lines under its explanation.
///
/// Baseline explains what the evidence says; people's words are the classifier's.
enum DismissalLines {
  /// The lines, or why nobody can say.
  static func lines(
    _ customer: String, _ metric: String, _ bucket: Bucket, _ client: HouseClient
  ) async -> [String] {
    do {
      let told = try await dismissed(customer, client)
        .filter { $0.covers(bucket, of: metric) }
        .sorted { ($0.startBucket, $0.id) < ($1.startBucket, $1.id) }.map { line($0) }
      return told.isEmpty ? [] : ["", "Dismissed"] + told.map { "  " + $0 }
    } catch {
      return ["", "Dismissed", "  unknown: \(oneLine("\(error)"))"]
    }
  }

  private static func dismissed(
    _ customer: String, _ client: HouseClient
  ) async throws -> [Classification.Anomaly] {
    var request = ListAnomaliesRequest()
    request.states = [.dismissed]
    request.includeMembers = true
    request.customerID = try await client.with("ingest") { caller in
      var question = GetCustomerRequest()
      question.customer = customer
      return try await IngestClient(caller).getCustomer(question, options: CallOptions())
        .customer?.id ?? []
    }
    return try await allAnomalies(request, client)
  }

  /// When, by whom and why one anomaly was dismissed.
  static func line(_ anomaly: Classification.Anomaly) -> String {
    guard let dismissal = anomaly.dismissal else { return oneLine(anomaly.summary) }
    let when = Timestamp.text(unixMicroseconds: dismissal.atUnixMicroseconds, milliseconds: false)
    let id = WireUUID(high: dismissal.by.high, low: dismissal.by.low).text
    let who = dismissal.by == commandLine ? "the command line" : id
    let why = dismissal.reason.isEmpty ? "" : ": \(dismissal.reason)"
    return oneLine("\(anomaly.summary): on \(when) by \(who)\(why)")
  }

  /// Who `tidemark dismiss` says it is, as the classifier derives it.
  static let commandLine = NamedActor.id(of: dismissingActor)
}

extension Classification.Anomaly {
  /// Whether it speaks of a metric's bucket, by itself or for the customer as a whole.
  fileprivate func covers(_ bucket: Bucket, of metric: String) -> Bool {
    guard self.metric.granularity == bucket.granularity else { return false }
    return (startBucket...max(startBucket, endBucket)).contains(bucket.index)
      && (self.metric.key == metric || reach.scope == .customer)
  }
}
