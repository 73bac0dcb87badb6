import Alerting
import AnomalyContract
import DeliveryContract
import RPC
import SeriesContract
import SeriesModel
import ServiceRuntime

/// What happened to the anomalies of some time, as far as it is known afterwards.
///
/// Of each anomaly that is that it was found, and that it was over or dismissed; severity and type
/// are those that it had in the end.
struct AnomalyHistory {
  /// In the order in which they happened.
  private(set) var changes: [NoticedChange] = []
  /// One sentence an anomaly.
  private(set) var sentences: [AnomalyReference: String] = [:]

  /// Anomalies of a running house that were found within some days.
  init(of client: HouseClient, days: Int, now: Int64) async throws {
    let anomalies = try await client.with("classifier") { caller in
      var request = ListAnomaliesRequest()
      request.detectedFromUnixUs = now - Int64(days) * 86_400_000_000
      var page = Page()
      page.pageSize = 1_000
      var found: [AnomalyContract.Anomaly] = []
      repeat {
        request.page = page
        let answer = try await ClassifierClient(caller).listAnomalies(
          request, options: CallOptions())
        found += answer.anomalies
        page.pageToken = answer.nextPageToken
      } while !page.pageToken.isEmpty
      return found
    }
    for anomaly in anomalies { try add(anomaly) }
    sort()
  }

  /// Anomalies of a file: one a line, as `tidemark rpc` writes them, or lists of them.
  init(file path: String) throws(CommandError) {
    let text = try SmallFiles.text(path)
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    where !line.allSatisfy(\.isWhitespace) {
      do {
        for anomaly in try Self.anomalies(line) { try add(anomaly) }
      } catch let error as RPCError {
        throw CommandError("\(path):\(number + 1): \(error.message)")
      } catch {
        throw CommandError("\(path):\(number + 1): \(error)")
      }
    }
    sort()
  }

  /// When the clocks stop: a day after the last change, but not in the future.
  func end(notAfter now: Int64) -> Int64 {
    let last = changes.last?.at ?? now
    return max(last, min(now, last + 86_400_000_000))
  }

  private static func anomalies(_ line: Substring) throws -> [AnomalyContract.Anomaly] {
    let isList = line.contains("\"anomalies\"")
    let bytes = try RPCInspector.wire(
      ofJSON: isList ? String(line) : "{\"anomalies\":[\(line)]}",
      answerOf: "tidemark.v1.Classifier/ListAnomalies")
    return try ListAnomaliesResponse(wireBytes: bytes).anomalies
  }

  private mutating func add(_ anomaly: AnomalyContract.Anomaly) throws {
    var opened = AnomalyChange()
    opened.kind = .opened
    opened.changedUnixUs = anomaly.detectedUnixUs
    var ended = opened
    var beginning = anomaly
    switch anomaly.state {
    case .resolved:
      ended.kind = .resolved
      ended.changedUnixUs = anomaly.resolvedUnixUs
    case .dismissed:
      ended.kind = .dismissed
      ended.changedUnixUs = anomaly.dismissedUnixUs
    case .withdrawn:
      // Whoever was told of it was told before; when it was taken back is not kept.
      ended.kind = .withdrawn
    default: break
    }
    if ended.kind != .opened {
      beginning.state = .open
      beginning.revision = max(1, anomaly.revision) - 1
      ended.anomaly = anomaly
    }
    opened.anomaly = beginning
    let notice = try Notice(opened)
    sentences[notice.anomaly] = "\(notice.customer.externalID): \(notice.summary)"
    changes.append(NoticedChange(at: opened.changedUnixUs, notice: notice))
    if ended.kind != .opened {
      let at = max(ended.changedUnixUs, opened.changedUnixUs)
      changes.append(NoticedChange(at: at, notice: try Notice(ended)))
    }
  }

  private mutating func sort() {
    changes = changes.enumerated()
      .sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
  }
}
