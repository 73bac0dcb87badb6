import Glibc
import Postgres
import SeriesModel
import SeriesStore
import ServiceRuntime

// A scan through baseline, detector and classifier on a real store: a history at once, then one day
// more, as on every morning. Each part's time stands as a ratio to a floor of the same run: reading
// the same points in the same pieces and doing nothing with them. Takes the address of a superuser
// from TIDEMARK_TEST_DATABASE_URL; SERIES, DAYS and CONCURRENCY say how large it is.

/// What a scan of one day may cost, in floors.
let ratioLimit = 400.0

func number(_ key: String, _ fallback: Int) -> Int {
  getenv(key).flatMap { Int(String(cString: $0)) } ?? fallback
}

func fixed(_ value: Double, _ places: Int) -> String {
  var unit = 1.0
  for _ in 0..<places { unit *= 10 }
  return "\((value * unit).rounded() / unit)"
}

func padded(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}

/// A figure of this process's memory, in KiB.
func memoryKiB(_ key: String) -> Int {
  guard let file = fopen("/proc/self/status", "r") else { return 0 }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 256)
  while fgets(&line, 256, file) != nil {
    let bytes = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.hasPrefix("\(key):") else { continue }
    return text.split(separator: " ").compactMap { Int($0.filter(\.isNumber)) }.first ?? 0
  }
  return 0
}

/// The parts in the order of their doing, with the words for people.
let parts: [(key: String, words: String)] = [
  ("cohorts", "rows of cohorts, read to store"), ("models", "series and models read"),
  ("points", "points and rows read"), ("fold", "models advanced"),
  ("detect", "evidence out, tests"), ("classify", "classifier, to its commit"),
  ("commit", "models committed"),
]

func table(
  _ title: String, _ spent: [String: Double], floor: Double, total: Double, points: Int
) {
  StandardOutput.write(
    "\(title): \(fixed(total, 2)) s, \(Int(Double(points) / total)) points/s,"
      + " floor \(fixed(floor, 3)) s\n")
  for part in parts {
    let seconds = spent[part.key] ?? 0
    StandardOutput.write(
      "  \(part.words)" + String(repeating: " ", count: 32 - part.words.count)
        + padded(fixed(seconds, 3), 9) + " s" + padded(fixed(seconds / floor, 1), 8)
        + " floors\n")
  }
}

func spent(_ before: [String: Double], _ after: [String: Double]) -> [String: Double] {
  var spent = after.merging(before) { $0 - $1 }
  spent["detect"] = (spent["judge"] ?? 0) - (spent["classify"] ?? 0)
  return spent
}

guard let address = getenv("TIDEMARK_TEST_DATABASE_URL") else {
  StandardOutput.write("scan-benchmark: TIDEMARK_TEST_DATABASE_URL is not set\n")
  exit(2)
}
let days = number("DAYS", 56)
let concurrency = number("CONCURRENCY", 2)
let work = Workload(series: number("SERIES", 20_000))
let house = House(adminURL: String(cString: address), concurrency: concurrency)
var ratio = 0.0
StandardOutput.write(
  "\(work.seriesCount) daily series, \(concurrency) ranges at once; parts are sums over them\n")
try await house.with { house, client in
  let ingest = try house.pool(.ingest)
  let reader = SeriesReader(pool: ingest)
  try await work.fillCatalogues(ingest)
  try await work.fill(0..<days, ingest)
  try await house.settle()
  func floor(_ days: Range<Int>) async throws -> Double {
    var seconds: [Double] = []
    for _ in 0..<3 {
      seconds.append(
        try await work.read(
          days, reader, seriesAtOnce: 1_000, daysAtOnce: 32, concurrency: concurrency))
    }
    return seconds.sorted()[1]
  }
  let historyFloor = try await floor(0..<days)
  let memory = memoryKiB("VmRSS")
  var before = await house.parts()
  let history = try await house.scan(client)
  var after = await house.parts()
  table(
    "history of \(days) days", spent(before, after), floor: historyFloor, total: history,
    points: work.seriesCount * days)
  let grown = Double(memoryKiB("VmHWM") - memory)
  StandardOutput.write(
    "  memory at its highest: \(fixed(grown / Double(work.seriesCount), 1)) KiB a series more\n")
  try await work.fill(days..<days + 1, ingest)
  try await house.settle()
  let dayFloor = try await floor(days..<days + 1)
  before = await house.parts()
  let day = try await house.scan(client)
  after = await house.parts()
  table(
    "one day more", spent(before, after), floor: dayFloor, total: day, points: work.seriesCount)
  ratio = day * Double(concurrency) / dayFloor
  await ingest.close()
}
StandardOutput.write(
  "one day of \(work.seriesCount) series: \(fixed(ratio, 0)) floors"
    + " (at most \(fixed(ratioLimit, 0)))\n")
exit(ratio <= ratioLimit ? 0 : 1)
