import ServiceRuntime
import Testing

@Suite("Figures")
struct MetricsTests {
  @Test func `counters and gauges are written as Prometheus reads them`() async {
    let registry = MetricsRegistry()
    let points = registry.counter(
      "tidemark_ingest_points_total", help: "Points by result.", labels: ["result"])
    points.increment("late")
    points.increment(by: 2.5, "accepted")
    registry.gauge("tidemark_workqueue_depth", help: "Jobs\nwaiting.").set(-3)
    #expect(
      await registry.exposition() == """
        # HELP tidemark_ingest_points_total Points by result.
        # TYPE tidemark_ingest_points_total counter
        tidemark_ingest_points_total{result="accepted"} 2.5
        tidemark_ingest_points_total{result="late"} 1
        # HELP tidemark_workqueue_depth Jobs\\nwaiting.
        # TYPE tidemark_workqueue_depth gauge
        tidemark_workqueue_depth -3

        """)
  }

  @Test func `a histogram counts cumulatively, bounds included`() async {
    let registry = MetricsRegistry()
    let seconds = registry.histogram(
      "tidemark_call_seconds", help: "Calls.", labels: ["method"], buckets: [0.1, 1])
    for value in [0.1, 0.5, 7] { seconds.observe(value, "Put\"Points") }
    #expect(
      await registry.exposition() == """
        # HELP tidemark_call_seconds Calls.
        # TYPE tidemark_call_seconds histogram
        tidemark_call_seconds_bucket{method="Put\\"Points",le="0.1"} 1
        tidemark_call_seconds_bucket{method="Put\\"Points",le="1"} 2
        tidemark_call_seconds_bucket{method="Put\\"Points",le="+Inf"} 3
        tidemark_call_seconds_sum{method="Put\\"Points"} 7.6
        tidemark_call_seconds_count{method="Put\\"Points"} 3

        """)
  }

  @Test func `a figure without labels shows 0 before it is touched`() async {
    let registry = MetricsRegistry()
    _ = registry.counter("tidemark_scans_total", help: "Scans.")
    #expect(await registry.exposition().contains("tidemark_scans_total 0\n"))
  }

  @Test func `the same name gives the same figure`() {
    let registry = MetricsRegistry()
    registry.counter("tidemark_scans_total", help: "Scans.").increment()
    registry.counter("tidemark_scans_total", help: "Scans.").increment()
    #expect(registry.counter("tidemark_scans_total", help: "Scans.").value() == 2)
  }

  @Test func `label sets beyond the limit are summed under other`() async {
    let registry = MetricsRegistry()
    let counter = registry.counter("tidemark_x_total", help: "X.", labels: ["who"])
    for number in 0..<1_500 { counter.increment("\(number)") }
    #expect(counter.value("other") == 500)
  }

  @Test func `collectors run before each scrape`() async {
    let registry = MetricsRegistry()
    let gauge = registry.gauge("tidemark_workqueue_depth", help: "Depth.")
    registry.collectBeforeScrape { gauge.add(1) }
    _ = await registry.exposition()
    #expect(await registry.exposition().contains("tidemark_workqueue_depth 2\n"))
  }
}
