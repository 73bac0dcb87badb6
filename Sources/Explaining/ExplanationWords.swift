import Baselines
import Classification
import Detection
import Replay
import SeriesModel

/// An explanation as people read it: one sentence, then the numbers.
public struct ExplanationWords {
  let explanation: Explanation

  /// Takes an explanation.
  public init(_ explanation: Explanation) { self.explanation = explanation }

  var metric: Metric { explanation.metric }
  var granularity: Granularity { explanation.bucket.granularity }

  /// All lines.
  public var lines: [String] {
    [sentence, "", "\(seriesName), \(moment)"] + rows.map { "  " + $0 } + tests + conditions
      + merging + causes
  }

  private var seriesName: String {
    let customer = explanation.customer
    let name = customer.name.isEmpty ? "" : " (\(oneLine(customer.name)))"
    return "\(oneLine(customer.externalID))\(name) / \(oneLine(metric.key))"
  }

  /// The bucket with its day of the week.
  var moment: String {
    let text = momentText(explanation.bucket)
    switch granularity {
    case .day: return "\(weekday) \(text)"
    case .week: return "week of \(text)"
    case .hour, .fiveMinutes: return "\(weekday) \(text)"
    }
  }

  /// The day of the week.
  var weekday: String {
    let names = [
      "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
    ]
    return names[explanation.bucket.startDate.weekday]
  }

  private func value(_ number: Double) -> String { Wording.valueWords(number, metric) }

  private func row(_ name: String, _ text: String) -> String { padded(name, 10) + text }

  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }

  private var rows: [String] {
    var rows = [row("seen", explanation.value.isNaN ? "no value" : value(explanation.value))]
    if let band = explanation.band, band.expected.isFinite {
      var text =
        "\(value(band.expected)); 95 of 100 lie from \(numberWords(band.lower)) to"
        + " \(numberWords(band.upper))"
      if let percent = deviationPercent(actual: explanation.value, baseline: band.expected) {
        let sign = percent < 0 ? "-" : "+"
        text += " (\(sign)\(numberWords(percent.magnitude.rounded())) %)"
      }
      rows.append(row("normal", text))
    }
    rows.append(row("cohort", cohort))
    guard let record = explanation.decision?.record else { return rows }
    rows.append(row("learned", learned(record)))
    rows.append(row("scale", scale(record)))
    let marks = flags(record.flags)
    if !marks.isEmpty { rows.append(row("marks", marks.joined(separator: ", "))) }
    rows.append(
      row(
        "hashes",
        "input \(hexadecimal(record.inputHash)), evidence \(hexadecimal(record.evidenceHash)),"
          + " model \(record.modelVersion)"))
    return rows
  }

  private var cohort: String {
    guard let cohort = explanation.cohort else { return "not compared with others" }
    let name = cohort.cohort.isEmpty ? "all customers" : oneLine(cohort.cohort)
    let members = countWords(Int64(cohort.members), "member")
    if let since = cohort.outageSince {
      return "\(name), \(members): a platform event since"
        + " \(momentText(Bucket(granularity, since)))"
    }
    let percent = ((exponential(cohort.shift) - 1) * 1_000).rounded() / 10
    let side = percent < 0 ? "below" : "above"
    let shift =
      percent == 0
      ? "no shift in common"
      : "a common shift of \(numberWords(percent.magnitude)) % \(side) normal, taken into account"
    return "\(name), \(members): \(shift)"
  }

  private func learned(_ record: DecisionRecord) -> String {
    let age = bucketWords(record.age, granularity)
    guard record.flags.contains(.learning) else { return "from \(age)" }
    return "from \(record.age) of the \(bucketWords(record.ageNeeded, granularity)) that full"
      + " judgement needs: until then at most gross changes are judged"
  }

  private func scale(_ record: DecisionRecord) -> String {
    guard let scope = record.scope else { return "1 (nobody set another)" }
    return numberWords(record.scale) + " (set for "
      + (scope.text.isEmpty ? "all" : oneLine(scope.text)) + ")"
  }

  private func flags(_ flags: EvidenceFlags) -> [String] {
    let names: [(EvidenceFlags, String)] = [
      (.learning, "learning"), (.missing, "missing"), (.provisional, "not closed yet"),
      (.holiday, "holiday or known event"), (.outage, "platform event"),
      (.hurdle, "a zero where zeros are common"),
      (.contaminated, "so far out that nothing is learned from it"),
      (.reanchored, "the level is set anew"),
    ]
    return names.filter { flags.contains($0.0) }.map(\.1)
  }

  private var tests: [String] {
    guard let record = explanation.decision?.record else { return [] }
    let words = record.trials.map {
      TrialWords(trial: $0, metric: metric, age: record.age)
    }.filter(\.isMade)
    let width = (words.map(\.name.count).max() ?? 0) + 2
    var lines = ["", "Tests"] + words.map { "  \(padded($0.name, width))\($0.line)" }
    let plain = record.tests.filter { [.zScore, .interquartile, .ratio].contains($0.test) }
    if !plain.isEmpty {
      let parts = plain.map { test in
        let name =
          test.test == .zScore ? "z score" : test.test == .ratio ? "last season" : "quartiles"
        return "\(name) \(numberWords(test.statistic)) of \(numberWords(test.threshold))"
      }
      lines.append("  \(padded("textbook", width))\(parts.joined(separator: ", ")): not asked")
    }
    return lines
  }

  private var conditions: [String] {
    guard let record = explanation.decision?.record else { return [] }
    return ["", "Conditions"]
      + record.gates.map { gate in
        let text =
          switch gate.name {
          case .ordinaryDay: "no holiday and no known event"
          case .noPlatformEvent: "no platform event of the cohort"
          default: "has a value"
          }
        return "  \(gate.isPassed ? "holds" : "FAILS")  \(text)"
      }
  }

  private var merging: [String] {
    guard let decision = explanation.decision else { return [] }
    let lines = MergeWords(decision: decision, granularity: granularity).lines
    return ["", "Anomaly"] + lines.map { "  " + $0 }
  }

  /// What may be behind it, with the share of the change that each could account for.
  private var causes: [String] {
    guard let causes = explanation.decision?.causes, !causes.isEmpty else { return [] }
    return ["", "Possible causes"]
      + causes.map { cause in
        let share =
          cause.kind == .typical ? "-" : "\(numberWords((cause.strength * 100).rounded())) %"
        return "  \(padded(share, 7))\(cause.sentence)"
      }
  }
}

/// A number of buckets by their own length: "56 days".
func bucketWords(_ count: Int, _ granularity: Granularity) -> String {
  countWords(Int64(count), granularity == .fiveMinutes ? "bucket" : granularity.name)
}

/// A hash as sixteen digits.
func hexadecimal(_ hash: UInt64) -> String {
  let digits = String(hash, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
