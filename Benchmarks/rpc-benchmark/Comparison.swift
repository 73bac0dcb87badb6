import CBenchmarkFloors
import Glibc
import Locking
import PointsContract
import RPC
import SeriesContract

/// Measures all cases round by round and prints their ratios.
struct Comparison {
  /// One number of calls at once, with the least ratio that it must reach.
  private struct Load {
    let inFlight: Int
    let leastRatio: Double
    let leastRatioInline: Double
  }

  private static let payloadBytes = 128

  private static let loads = [
    Load(inFlight: 1, leastRatio: 0.65, leastRatioInline: 0.9),
    Load(inFlight: 16, leastRatio: 0.40, leastRatioInline: 0.9),
    Load(inFlight: 64, leastRatio: 0.70, leastRatioInline: 0.9),
  ]

  let seconds: Double
  let rounds: Int
  /// The program of the gRPC C++ peer; nil where gRPC C++ is not installed.
  let peer: String? = getenv("TIDEMARK_GRPC_PEER").map { String(cString: $0) }

  /// Measures and prints all cases; false when one is below its floor.
  func run() async throws -> Bool {
    var isReached = true
    print("typed call against raw libnng in C, TCP, \(Self.payloadBytes) bytes each way")
    print("\(rounds) rounds of \(seconds) s each, interleaved; medians")
    for load in Self.loads {
      var floor: [Double] = []
      var typed: [Double] = []
      var inline: [Double] = []
      var grpc: [Double] = []
      for _ in 0..<rounds {
        floor.append(try await callsPerSecond("floor", load.inFlight))
        typed.append(try await callsPerSecond("tasks", load.inFlight))
        inline.append(try await callsPerSecond("inline", load.inFlight))
        if peer != nil { grpc.append(try await callsPerSecond("grpc", load.inFlight)) }
      }
      print("\(load.inFlight) in flight: raw C \(Int(median(floor)))/s")
      let isTyped = report("typed call", typed, floor, least: load.leastRatio)
      let isInline = report(
        "typed call, inline executor", inline, floor, least: load.leastRatioInline)
      isReached = isReached && isTyped && isInline
      reportPeer(grpc, typed, inline)
    }
    return isReached
  }

  /// Makes one run of one kind and prints its rate.
  static func runOnly(_ words: [String]) async throws {
    guard words.count == 3, let inFlight = Int(words[1]), let seconds = Double(words[2]) else {
      throw BenchmarkError(what: "only wants a kind, a number of calls at once and seconds")
    }
    let rate = try await Comparison(seconds: seconds, rounds: 1).callsPerSecond(words[0], inFlight)
    print("\(words[0]), \(inFlight) in flight: \(Int(rate))/s")
  }

  /// Prints the ratio of neighbouring runs: a machine that is shared changes its pace from minute
  /// to minute.
  private func report(
    _ name: String, _ rates: [Double], _ floor: [Double], least: Double
  ) -> Bool {
    let ratios = zip(rates, floor).map { $0 / $1 }
    let ratio = rounded(median(ratios))
    let verdict = ratio >= least ? "PASS" : "BELOW FLOOR"
    print(
      "  \(name): \(Int(median(rates)))/s, ratio \(ratio)"
        + " (\(rounded(ratios.min() ?? 0)) to \(rounded(ratios.max() ?? 0))),"
        + " floor \(least): \(verdict)")
    return ratio >= least
  }

  private func rounded(_ ratio: Double) -> Double { (ratio * 100).rounded() / 100 }

  /// Says how many times as fast as gRPC C++ the calls are; no floor, a peer.
  private func reportPeer(_ grpc: [Double], _ typed: [Double], _ inline: [Double]) {
    guard !grpc.isEmpty else {
      return print("  gRPC C++ callback: not measured, it is not installed")
    }
    func times(_ rates: [Double]) -> Double { rounded(median(zip(rates, grpc).map { $0 / $1 })) }
    print(
      "  gRPC C++ callback: \(Int(median(grpc)))/s; typed call \(times(typed)) times it,"
        + " inline \(times(inline)) times it")
  }

  private func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    return sorted[sorted.count / 2]
  }

  private func callsPerSecond(_ kind: String, _ inFlight: Int) async throws -> Double {
    let server = try Child(
      kind == "grpc" ? peer : nil, kind == "grpc" ? ["serve"] : ["serve", kind])
    defer { server.end() }
    let url = server.firstLine
    if kind == "grpc" {
      let caller = try Child(
        peer, ["call", url, "\(inFlight)", "\(Self.payloadBytes)", "\(seconds)"])
      defer { caller.end() }
      guard let rate = Double(caller.firstLine) else {
        throw BenchmarkError(what: "gRPC's calls: \(caller.firstLine)")
      }
      return rate
    }
    if kind == "floor" {
      var result = nanomsg_floor_result()
      let number = nanomsg_floor_call(
        url, Int32(inFlight), Self.payloadBytes, seconds, &result)
      guard number == 0 else { throw BenchmarkError(what: "the floor's calls: libnng \(number)") }
      return result.calls_per_second
    }
    if kind == "inline" {
      return try await withTaskExecutorPreference(InlineExecutor.shared) {
        try await typedCallsPerSecond(url, inFlight)
      }
    }
    return try await typedCallsPerSecond(url, inFlight)
  }

  private func typedCallsPerSecond(_ url: String, _ inFlight: Int) async throws -> Double {
    let channel = try RPCChannel(url: url)
    defer { channel.close() }
    let client = IngestClient(channel)
    var request = GetCustomerRequest()
    request.customer = String(repeating: "x", count: Self.payloadBytes)
    _ = try await client.getCustomer(request)
    let begins = monotonicSeconds() + 0.1
    let ends = begins + seconds
    let calls = try await withThrowingTaskGroup(of: Int.self) { [request] group in
      for _ in 0..<inFlight {
        group.addTask {
          var calls = 0
          while true {
            let response = try await client.getCustomer(request)
            guard response.customer?.name.utf8.count == Self.payloadBytes else {
              throw BenchmarkError(what: "a wrong answer")
            }
            let now = monotonicSeconds()
            if now >= ends { return calls }
            if now >= begins { calls += 1 }
          }
        }
      }
      return try await group.reduce(0, +)
    }
    return Double(calls) / seconds
  }
}

/// The present moment by a clock that never steps.
private func monotonicSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// A process that was started and said one line.
private struct Child {
  let firstLine: String
  private let process: Int32

  /// - Parameters:
  ///   - program: What is started; nil for this program.
  ///   - words: What follows its name.
  /// - Throws: ``BenchmarkError`` when it said nothing.
  init(_ program: String?, _ words: [String]) throws {
    var line = [CChar](repeating: 0, count: 256)
    var pointers = words.map { UnsafePointer(strdup($0)) }
    pointers.append(nil)
    defer { pointers.forEach { free(UnsafeMutablePointer(mutating: $0)) } }
    process = benchmark_spawn(program, pointers, &line, line.count)
    guard process > 0 else {
      throw BenchmarkError(what: "\(words.joined(separator: " ")) did not start")
    }
    firstLine = line.withUnsafeBufferPointer {
      String(cString: $0.baseAddress.unsafelyUnwrapped)
    }
  }

  func end() { benchmark_end(process) }
}
