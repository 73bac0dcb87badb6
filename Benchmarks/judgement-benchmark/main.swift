import Baselines
import Glibc
import SeriesModel
import ServiceRuntime

// Judging in memory: series of 400 daily points on one thread, from nothing to anomalies, beside a
// floor of the same run that walks over the same points in the same order and only adds them up,
// and beside numpy's rolling z-score of 28 days where there is numpy. Times are of the processor.
// SERIES and ROUNDS say how much is done.

/// What judging may cost, in floors: half as much again as it does, for the floor waits for memory
/// and is not the same on two machines.
let ratioLimit = 6_000.0

/// What a stored model of a daily series may take, in bytes.
let dailyBytesLimit = 3_072

let days = 400

func number(_ key: String, _ fallback: Int) -> Int {
  getenv(key).flatMap { Int(String(cString: $0)) } ?? fallback
}

func padded(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}

/// A whole number with its thousands parted.
func grouped(_ value: Double) -> String {
  var digits = "\(Int(value.rounded()))"
  var place = digits.count - 3
  while place > 0 {
    digits.insert(",", at: digits.index(digits.startIndex, offsetBy: place))
    place -= 3
  }
  return digits
}

func line(_ words: String, _ value: Double, _ unit: String, floors: Double? = nil) {
  let beside = floors.map { padded(grouped($0), 9) + " floors" } ?? ""
  StandardOutput.write(
    "  \(words)" + String(repeating: " ", count: max(1, 44 - words.count))
      + padded(grouped(value), 12) + " \(unit)\(beside)\n")
}

let work = Workload(series: number("SERIES", 2_000), days: days)
let rounds = number("ROUNDS", 3)
let judgement = Judgement(work: work)
let series = Double(work.seriesCount)
StandardOutput.write("\(work.seriesCount) series of \(days) daily points, one thread\n")

let floor = median(of: 21) { judgement.sum() }
precondition(floor.result > 0, "the floor has read nothing")
line("floor: the points added up", series / floor.seconds, "series/s")

let judged = median(of: rounds) { judgement.judged() }
let learned = median(of: rounds) { judgement.learned(judged.result.cohorts) }
let ratio = judged.seconds / floor.seconds
line(
  "models only", series / learned.seconds, "series/s", floors: learned.seconds / floor.seconds)
line("from points to anomalies", series / judged.seconds, "series/s", floors: ratio)
line("  buckets of series in that", series * Double(days) / judged.seconds, "a second")
StandardOutput.write("  \(judged.result.changes) changes of anomalies\n")

let states = learned.result.map(\.encoded)
let morning = try median(of: rounds) {
  try judgement.advanced(states, to: Workload.first + Int32(days))
}
precondition(morning.result.bytes > 0, "no state was written")
line("one day more, from stored bytes and back", series / morning.seconds, "a second")

if let seconds = NumpyPeer.seconds(work, rounds: rounds) {
  line(
    "numpy, rolling z-score of 28 days", series / seconds, "series/s",
    floors: seconds / floor.seconds)
} else {
  StandardOutput.write("  numpy, rolling z-score of 28 days: not there\n")
}

let daily = ModelSize(.day, series: 500, buckets: days)
let hourly = ModelSize(.hour, series: 50, buckets: 24 * 84)
for (name, size) in [("a daily", daily), ("an hourly", hourly)] {
  StandardOutput.write(
    "  \(name) model: \(grouped(size.stored)) bytes stored (at most"
      + " \(grouped(Double(size.storedMax)))), \(grouped(size.memory)) in memory\n")
}
StandardOutput.write(
  "judging: \(grouped(ratio)) floors (at most \(grouped(ratioLimit))), a stored daily model"
    + " \(grouped(Double(daily.storedMax))) bytes (at most \(grouped(Double(dailyBytesLimit))))\n")
exit(ratio <= ratioLimit && daily.storedMax <= dailyBytesLimit ? 0 : 1)
