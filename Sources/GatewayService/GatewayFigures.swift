internal import ServiceRuntime

/// What the gateway counts.
struct GatewayFigures: Sendable {
  private let requests: Counter
  private let seconds: Histogram

  init(_ registry: MetricsRegistry) {
    requests = registry.counter(
      "tidemark_gateway_http_requests_total", help: "Requests by page and status.",
      labels: ["page", "status"])
    seconds = registry.histogram(
      "tidemark_gateway_http_request_seconds", help: "How long requests took.", labels: ["page"])
  }

  func answered(_ page: String, _ status: Int, seconds elapsed: Double) {
    requests.increment(page, String(status))
    seconds.observe(elapsed, page)
  }
}
