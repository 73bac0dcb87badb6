import Baselines
import Classification
import Replay
import SeriesModel

/// One row of a file of verdicts.
struct Verdict: Sendable {
  /// Of what it speaks, by the places of the history.
  let verdict: ReplayedVerdict
  /// The bucket that was open when it was given.
  let given: Int32
  /// Where it stands in its file, for reports.
  let line: Int
  /// The series as the file names it.
  let name: String
}

/// A file of what people said of anomalies, as comma-separated values.
///
/// A file of detections becomes one by two more columns: `verdict` and `given_at`.
enum VerdictFile {
  /// The words for an anomaly that is no problem.
  static let words = ["dismiss", "dismissed"]

  /// How many verdicts that found nothing a report names.
  private static let namedMax = 3

  /// Reads verdicts in the order of their time; a file with a fault is refused whole, by line.
  ///
  /// - Throws: ``CommandError`` that names the line.
  static func verdicts(path: String, of history: History) throws(CommandError) -> [Verdict] {
    var table = try TableFile(
      path: path, needed: ["series_id", "verdict", "given_at"],
      optional: ["start", "end", "date", "type", "severity", "score", "detected_at"])
    guard table.has("start") != table.has("date") else {
      throw CommandError("\(path):1: either the column \"start\" or \"date\" is needed")
    }
    let names = Names(history)
    var verdicts: [Verdict] = []
    while let row = try table.next() {
      switch row {
      case .fault(let line, let reason): throw CommandError("\(path):\(line): \(reason)")
      case .values(let line, let values):
        do throws(Fault) {
          verdicts.append(try verdict(values, line, names, history.granularity))
        } catch {
          throw CommandError("\(path):\(line): \(error.reason)")
        }
      }
    }
    return verdicts.sorted { ($0.given, $0.line) < ($1.given, $1.line) }
  }

  /// What became of the verdicts, in words.
  static func report(_ count: Int, unmet: [Verdict]) -> String {
    let heard = "\(grouped(Int64(count - unmet.count))) of \(grouped(Int64(count))) verdicts heard"
    if unmet.isEmpty { return heard }
    let named = unmet.prefix(namedMax).map { "line \($0.line) (\($0.name))" }
    let more = unmet.count > namedMax ? " and others" : ""
    return "\(heard); nothing was known of what was meant by"
      + " \(named.joined(separator: ", "))\(more)"
  }

  private struct Fault: Error {
    let reason: String
  }

  /// What a file may name.
  private struct Names {
    let series: [String: Int]
    let customers: [String: Int]
    let cohorts: Set<String>

    init(_ history: History) {
      series = Dictionary(
        history.series.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
      customers = Dictionary(
        history.customers.enumerated().map { ($1.externalID, $0) },
        uniquingKeysWith: { first, _ in first })
      cohorts = Set(history.customers.map(\.cohort))
    }

    /// Whom a name of a file of detections means.
    func scope(_ name: String) throws(Fault) -> ReplayedVerdict.Scope {
      if name == "*" { return .cohort("") }
      if let place = series[name] { return .series(place) }
      guard name.hasSuffix("/*") else {
        throw Fault(reason: "the history has no series \"\(name)\"")
      }
      let owner = String(name.dropLast(2))
      if let place = customers[owner] { return .customer(place) }
      guard owner.hasPrefix("@") else {
        throw Fault(reason: "the history has no customer \"\(owner)\"")
      }
      let cohort = String(owner.dropFirst())
      guard !cohort.isEmpty, cohorts.contains(cohort) else {
        throw Fault(reason: "no customer is compared with a cohort \"\(cohort)\"")
      }
      return .cohort(cohort)
    }
  }

  private static func verdict(
    _ values: TableRow, _ line: Int, _ names: Names, _ granularity: Granularity
  ) throws(Fault) -> Verdict {
    let word = values.text("verdict")
    guard words.contains(word) else {
      throw Fault(reason: "verdict \"\(word)\": the only one that changes anything is dismissed")
    }
    func moment(_ column: String, or other: String? = nil) throws(Fault) -> Int32 {
      var text = values.text(column)
      if text.isEmpty, let other { text = values.text(other) }
      guard let bucket = bucketIndex(text, granularity) else {
        throw Fault(
          reason: "\(column) \"\(text)\" is no moment for the granularity \(granularity.name)")
      }
      return bucket
    }
    let start = try moment("start", or: "date")
    let end = try moment("end", or: values.text("start").isEmpty ? "date" : "start")
    let given = try moment("given_at")
    guard end >= start else { throw Fault(reason: "ends before it starts") }
    guard given > start else {
      throw Fault(reason: "given_at lies before the close of what it speaks of")
    }
    let type = values.text("type")
    let known = AnomalyType.allCases.first { $0.name == type }
    guard type.isEmpty || known != nil else {
      throw Fault(reason: "there is no type \"\(type)\"")
    }
    let name = values.text("series_id")
    return Verdict(
      verdict: ReplayedVerdict(
        scope: try names.scope(name), buckets: start...end, direction: known?.direction),
      given: given, line: line, name: name)
  }
}
