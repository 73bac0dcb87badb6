// Typed calls against raw libnng in C: over TCP, 128 bytes each way, servers in processes of their
// own, runs interleaved and medians taken.
//
// usage: rpc-benchmark [seconds a run] [rounds]
//        rpc-benchmark only floor|tasks|inline|grpc <calls at once> <seconds>    (one run, to profile)
import Glibc

let words = CommandLine.arguments.dropFirst()
do {
  if words.first == "serve" {
    try await BenchmarkServer.run(kind: words.dropFirst().first ?? "")
  } else if words.first == "only" {
    try await Comparison.runOnly(Array(words.dropFirst()))
  } else {
    let seconds = words.first.flatMap(Double.init) ?? 1
    let rounds = words.dropFirst().first.flatMap(Int.init) ?? 7
    if try await !Comparison(seconds: seconds, rounds: rounds).run() { exit(1) }
  }
} catch {
  print("rpc-benchmark: \(error)")
  exit(1)
}
