import Alerting
import JSON

/// What two files of routes make of the same anomalies, for people and for programs.
struct ComparisonAccount {
  /// Most anomalies that are named of a kind in the text.
  static let namedLimit = 10

  let comparison: RoutingComparison
  let history: AnomalyHistory

  /// One line a fact.
  var lines: [String] {
    var lines = ["\(history.sentences.count) anomalies, \(history.changes.count) changes"]
    let different = comparison.rows.filter(\.isDifferent)
    for row in different {
      lines.append(
        "\(Self.name(row.addressee)): \(Self.change(row.old.messages, row.new.messages)) messages,"
          + " \(Self.change(row.old.ends, row.new.ends)) of an end,"
          + " \(Self.change(row.old.digested, row.new.digested)) in digests")
      lines += named("+", row.gained) + named("-", row.lost)
    }
    if different.isEmpty { lines.append("nobody is told anything else") }
    let same = comparison.rows.count - different.count
    if same > 0 { lines.append("\(same) are told the same") }
    if !comparison.silenced.isEmpty {
      lines.append("told to nobody any more: \(comparison.silenced.count)")
      lines += named("-", comparison.silenced)
    }
    if !comparison.raised.isEmpty {
      lines.append("told to nobody before: \(comparison.raised.count)")
      lines += named("+", comparison.raised)
    }
    return lines
  }

  private static func name(_ addressee: RoutingComparison.Addressee) -> String {
    guard let person = addressee.person else { return addressee.receiver }
    return addressee.receiver.isEmpty ? "\(person) (digest)" : "\(addressee.receiver): \(person)"
  }

  private static func change(_ old: Int, _ new: Int) -> String {
    let difference = new - old
    return difference == 0
      ? "\(new)" : "\(old) -> \(new) (\(difference > 0 ? "+" : "")\(difference))"
  }

  private func named(_ sign: String, _ ids: [AnomalyReference]) -> [String] {
    var lines = ids.prefix(Self.namedLimit).map { id in
      "  \(sign) \(id.text) \(history.sentences[id] ?? "")"
    }
    if ids.count > Self.namedLimit {
      lines.append("  \(sign) and \(ids.count - Self.namedLimit) more; --format json names all")
    }
    return lines
  }

  /// The same as one object.
  var json: JSONValue {
    var object = JSONObject()
    object["anomalies"] = .integer(Int64(history.sentences.count))
    object["changes"] = .integer(Int64(history.changes.count))
    object["receivers"] = .array(comparison.rows.map { row($0) })
    object["told_to_nobody_any_more"] = Self.list(comparison.silenced)
    object["told_to_nobody_before"] = Self.list(comparison.raised)
    return .object(object)
  }

  private func row(_ row: RoutingComparison.Row) -> JSONValue {
    var object = JSONObject()
    object["receiver"] = .string(row.addressee.receiver)
    object["person"] = row.addressee.person.map { .string($0) } ?? .null
    object["old"] = Self.count(row.old)
    object["new"] = Self.count(row.new)
    object["gained"] = Self.list(row.gained)
    object["lost"] = Self.list(row.lost)
    return .object(object)
  }

  private static func count(_ count: RoutingComparison.Count) -> JSONValue {
    var object = JSONObject()
    object["messages"] = .integer(Int64(count.messages))
    object["ends"] = .integer(Int64(count.ends))
    object["digested"] = .integer(Int64(count.digested))
    return .object(object)
  }

  private static func list(_ ids: [AnomalyReference]) -> JSONValue {
    .array(ids.map { .string($0.text) })
  }
}
