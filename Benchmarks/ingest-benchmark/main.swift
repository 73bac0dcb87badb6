import Glibc
import ServiceRuntime

// Points a second through RPC to durable storage, as a ratio to raw COPY BINARY of the same points
// on the same server. Takes the address of a superuser from TIDEMARK_TEST_DATABASE_URL.

/// The ratio that must be reached.
let ratioFloor = 0.6

func number(_ key: String, _ fallback: Int) -> Int {
  getenv(key).flatMap { Int(String(cString: $0)) } ?? fallback
}

func rounded(_ value: Double) -> String { "\(Int(value.rounded()))" }

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

guard let address = getenv("TIDEMARK_TEST_DATABASE_URL") else {
  StandardOutput.write("ingest-benchmark: TIDEMARK_TEST_DATABASE_URL is not set\n")
  exit(2)
}
let url = String(cString: address)
let batchRows = number("BATCH_ROWS", 50_000)
let connections = number("CONNECTIONS", 2)
let rounds = number("ROUNDS", 3)
let scale = number("SCALE_PERCENT", 100)
let workloads = [
  Workload.dailyAppend(customers: 25_000 * scale / 100, metrics: 4, daysBefore: 4, days: 8),
  Workload.history(customers: 400 * scale / 100, metrics: 4, days: 730),
]
var isReached = true
StandardOutput.write(
  "batches of at most \(batchRows) rows, \(connections) connections each, "
    + "median of \(rounds) rounds\n")
for work in workloads {
  var floors: [Double] = []
  var services: [Double] = []
  for _ in 0..<rounds {
    floors.append(
      try await CopyFloor(url: url, connections: connections).run(work, batchRows: batchRows))
    services.append(
      try await ServiceRun(adminURL: url, connections: connections)
        .run(work, batchRows: batchRows))
    StandardOutput.write(
      "  \(work.name): COPY \(rounded(floors.last ?? 0)) points/s, "
        + "ingest \(rounded(services.last ?? 0)) points/s\n")
  }
  let ratio = median(services) / median(floors)
  isReached = isReached && ratio >= ratioFloor
  StandardOutput.write(
    "\(work.name), \(work.rowsMeasured) points: ratio \(rounded(ratio * 100))% "
      + "(at least \(rounded(ratioFloor * 100))%)\n")
}
exit(isReached ? 0 : 1)
