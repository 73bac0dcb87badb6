internal import ServiceRuntime

/// How long calls took, by method and status.
struct CallDurations {
  private let histogram: Histogram

  init(_ registry: MetricsRegistry, methods: some Sequence<String>) {
    histogram = registry.histogram(
      "tidemark_rpc_server_duration_seconds", help: "Time to answer a call.",
      labels: ["method", "status"])
  }

  /// Counts one call; a method that is not served counts under one name, which bounds the labels.
  func record(_ method: RPCMethod?, _ status: StatusCode, since startedMicroseconds: Int64) {
    let took = Deadline.now.unixMicroseconds - startedMicroseconds
    histogram.observe(Double(took) / 1_000_000, method?.name ?? "unknown", status.name)
  }
}
