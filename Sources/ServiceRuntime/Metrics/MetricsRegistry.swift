internal import Locking

/// All figures of a process, as Prometheus reads them.
///
/// A name may be asked for again with the same kind and labels; the same figure comes back, so that
/// rooms need not hand figures around.
public final class MetricsRegistry: Sendable {
  /// Gives up-to-date figures before a scrape, such as the depth of a queue.
  public typealias Collector = @Sendable () async -> Void

  private struct State {
    var families: [String: MetricFamily] = [:]
    var collectors: [Collector] = []
  }

  private let state = Locked(State())

  /// A registry without figures.
  public init() {}

  /// A sum that only grows; its name ends in `_total`.
  public func counter(_ name: String, help: String, labels: [String] = []) -> Counter {
    precondition(name.hasSuffix("_total"), "a counter's name ends in _total: \(name)")
    return Counter(family: family(name, .counter, help: help, labels: labels))
  }

  /// A figure that goes up and down.
  public func gauge(_ name: String, help: String, labels: [String] = []) -> Gauge {
    Gauge(family: family(name, .gauge, help: help, labels: labels))
  }

  /// A distribution; buckets are upper bounds in ascending order, without infinity.
  public func histogram(
    _ name: String, help: String, labels: [String] = [],
    buckets: [Double] = Histogram.latencySeconds
  ) -> Histogram {
    precondition(!buckets.isEmpty && zip(buckets, buckets.dropFirst()).allSatisfy { $0 < $1 })
    return Histogram(family: family(name, .histogram(buckets), help: help, labels: labels))
  }

  /// Adds work to be done before each scrape.
  public func collectBeforeScrape(_ collector: @escaping Collector) {
    state.withLock { $0.collectors.append(collector) }
  }

  /// All figures in the text format 0.0.4.
  public func exposition() async -> String {
    for collector in state.withLock({ $0.collectors }) { await collector() }
    let families = state.withLock { $0.families.values.sorted { $0.name < $1.name } }
    return families.map { $0.exposition() }.joined()
  }

  private func family(
    _ name: String, _ kind: MetricFamily.Kind, help: String, labels: [String]
  ) -> MetricFamily {
    precondition(name.hasPrefix("tidemark_"), "a figure's name begins with tidemark_: \(name)")
    return state.withLock { state in
      if let known = state.families[name] {
        precondition(known.kind == kind && known.labels == labels, "two figures named \(name)")
        return known
      }
      let made = MetricFamily(name: name, kind: kind, help: help, labels: labels)
      state.families[name] = made
      return made
    }
  }
}

/// A sum that only grows.
public struct Counter: Sendable {
  let family: MetricFamily

  /// Adds to the sum of these label values, given in the order of the labels.
  public func increment(by amount: Double = 1, _ labelValues: String...) {
    precondition(amount >= 0, "a counter never falls")
    family.update(labelValues) { $0.sum += amount }
  }

  /// The present sum, for tests.
  public func value(_ labelValues: String...) -> Double { family.read(labelValues)?.sum ?? 0 }
}

/// A figure that goes up and down.
public struct Gauge: Sendable {
  let family: MetricFamily

  /// Replaces the figure of these label values.
  public func set(_ value: Double, _ labelValues: String...) {
    family.update(labelValues) { $0.sum = value }
  }

  /// Adds to the figure of these label values; the amount may be negative.
  public func add(_ amount: Double, _ labelValues: String...) {
    family.update(labelValues) { $0.sum += amount }
  }

  /// The present figure, for tests.
  public func value(_ labelValues: String...) -> Double { family.read(labelValues)?.sum ?? 0 }
}

/// A distribution of observed values.
public struct Histogram: Sendable {
  /// Bounds for the time a call takes: 0.5 ms to 30 s.
  public static let latencySeconds: [Double] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
  ]

  let family: MetricFamily

  /// Counts one value under these label values.
  public func observe(_ value: Double, _ labelValues: String...) {
    guard case .histogram(let bounds) = family.kind else { return }
    let place = bounds.firstIndex { value <= $0 } ?? bounds.count
    family.update(labelValues) { cell in
      cell.sum += value
      cell.counts[place] += 1
    }
  }

  /// How many values were observed, for tests.
  public func count(_ labelValues: String...) -> Int {
    family.read(labelValues)?.counts.reduce(0, +) ?? 0
  }
}
