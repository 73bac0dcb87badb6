import Baselines
import Classification
public import Detection
public import JSON
import Replay
import SeriesModel

/// The record of a decision as JSON: the same decision gives the same bytes.
///
/// Members stand in a fixed order, numbers are the shortest that read back to the same double, what
/// is no number or infinite is `null`, and hashes are sixteen hexadecimal digits.
public enum DecisionJSON {
  /// The version of this form.
  public static let version: Int64 = 1

  /// All of an explanation.
  public static func value(_ explanation: Explanation) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("version", .integer(version)),
      ("customer", .string(explanation.customer.externalID)),
      ("metric", .string(explanation.metric.key)),
      ("granularity", .string(explanation.bucket.granularity.name)),
      ("bucket", .string(momentText(explanation.bucket))),
      ("observed", .number(explanation.value)),
    ]
    if let band = explanation.band {
      members.append(
        (
          "band",
          object([
            ("lower", .number(band.lower)), ("expected", .number(band.expected)),
            ("upper", .number(band.upper)),
          ])
        ))
    }
    if let decision = explanation.decision {
      members.append(("record", value(decision.record)))
      members.append(("merge", .array(decision.settled.map(value))))
      members.append(("causes", .array(decision.causes.map(value))))
    }
    return object(members)
  }

  /// A decision about one row, without what merging made of it.
  public static func document(_ record: DecisionRecord) -> JSONValue {
    object([
      ("version", .integer(version)),
      ("customer", .string(record.customer.externalID)),
      ("metric", .string(record.metric.key)),
      ("granularity", .string(record.bucket.granularity.name)),
      ("bucket", .string(momentText(record.bucket))),
      ("observed", .number(record.observed)),
      ("record", value(record)),
    ])
  }

  /// The record: everything that the decision about the row rests on.
  static func value(_ record: DecisionRecord) -> JSONValue {
    object([
      ("model_version", .string(record.modelVersion)),
      ("input_hash", .string(hexadecimal(record.inputHash))),
      ("evidence_hash", .string(hexadecimal(record.evidenceHash))),
      ("revision", .integer(Int64(record.revision))),
      ("scale", .number(record.scale)),
      ("scope", record.scope.map { .string($0.text) } ?? .null),
      ("flags", .integer(Int64(record.flags.rawValue))),
      ("age", .integer(Int64(record.age))), ("age_needed", .integer(Int64(record.ageNeeded))),
      ("observed", .number(record.observed)), ("expected", .number(record.expected)),
      ("deviation", .number(record.deviation)), ("z", .number(record.z)),
      ("cohort", record.cohort.map(value) ?? .null),
      ("gates", .array(record.gates.map(value))), ("trials", .array(record.trials.map(value))),
      ("muted", .bool(record.isMuted)), ("tests", .array(record.tests.map(value))),
      ("finding", record.finding.map { value($0, record.bucket.granularity) } ?? .null),
    ])
  }

  private static func value(_ row: CohortRow) -> JSONValue {
    object([
      ("name", .string(row.cohort)), ("members", .integer(Int64(row.members))),
      ("shift", .number(row.shift)), ("effect", .number(row.effect)),
      ("platform_event_since", row.outageSince.map { .integer(Int64($0)) } ?? .null),
    ])
  }

  private static func value(_ gate: Gate) -> JSONValue {
    object([
      ("gate", .string(gate.name.rawValue)), ("passed", .bool(gate.isPassed)),
      ("value", .number(gate.value)), ("needed", .number(gate.needed)),
      ("reason", gate.reason.map { .string($0.rawValue) } ?? .null),
    ])
  }

  private static func value(_ trial: Trial) -> JSONValue {
    object([
      ("trial", .string(trial.name.rawValue)), ("window", .integer(Int64(trial.window))),
      ("statistic", .number(trial.statistic)), ("threshold", .number(trial.threshold)),
      ("change", .number(trial.change)), ("rule", .string(trial.rule)),
      ("fired", .bool(trial.isFired)),
      ("gates", .array(trial.gates.map(value))),
    ])
  }

  private static func value(_ test: TestResult) -> JSONValue {
    object([
      ("test", .string(test.test.rawValue)), ("window", .integer(Int64(test.window))),
      ("statistic", .number(test.statistic)), ("threshold", .number(test.threshold)),
      ("fired", .bool(test.fired)),
    ])
  }

  private static func value(_ finding: Finding, _ granularity: Granularity) -> JSONValue {
    object([
      ("kind", .string(finding.kind.name)),
      ("start", .string(momentText(Bucket(granularity, finding.startBucket)))),
      ("end", .string(momentText(Bucket(granularity, finding.endBucket)))),
      ("observed", .number(finding.observed)), ("expected", .number(finding.expected)),
      ("score", .number(finding.score)), ("log_ratio", .number(finding.logRatio)),
    ])
  }

  private static func value(_ settled: SettledDecision) -> JSONValue {
    let decision = settled.made.decision
    return object([
      ("outcome", .string(settled.outcome.rawValue)),
      ("action", .string(decision.action.rawValue)),
      ("reason", .string(decision.reason.rawValue)),
      ("type", decision.episode.map { .string($0.type.name) } ?? .null),
      ("severity", decision.episode.map { .string($0.severity.name) } ?? .null),
      ("state", decision.episode.map { .string($0.state.name) } ?? .null),
    ])
  }

  private static func value(_ cause: PossibleCause) -> JSONValue {
    object([
      ("kind", .string(cause.kind.rawValue)), ("strength", .number(cause.strength)),
      ("sentence", .string(cause.sentence)),
    ])
  }

  private static func object(_ members: [(String, JSONValue)]) -> JSONValue {
    var object = JSONObject()
    for (key, value) in members { object[key] = value }
    return .object(object)
  }
}
