import Classification
import Replay
import SeriesModel

/// One series as a drawing: its values beside the band, and what people were told.
struct SeriesPlot {
  /// An anomaly as it was told.
  struct Mark: Sendable {
    let buckets: ClosedRange<Int32>
    let foundIn: Int32
    let type: AnomalyType
    let severity: Severity
    let sentence: String
  }

  let title: String
  let metric: Metric
  let points: [BandPoint]
  let marks: [Mark]

  private static let width = 1_000
  private static let left = 76.0
  private static let right = 984.0
  private static let top = 58.0
  private static let bottom = 330.0

  /// Colours that keep their contrast on light and on dark ground.
  private static let style = """
    text{font:13px system-ui,sans-serif;fill:#24292f}.head{font-size:17px;font-weight:600}\
    .quiet{fill:#57606a;font-size:12px}.end{text-anchor:end}.middle{text-anchor:middle}\
    .ground{fill:#fff}.grid{stroke:#d8dee4;fill:none}.band{fill:#0969da;opacity:.17}\
    .expected{stroke:#0969da;fill:none;stroke-dasharray:5 4;opacity:.8}\
    .value{stroke:#24292f;fill:none;stroke-width:1.6;stroke-linejoin:round}\
    .lone{fill:#24292f}.special{fill:#8250df;opacity:.2}.outage{fill:#57606a;opacity:.3}\
    .critical{fill:#cf222e}.warning{fill:#bc6c00}.info{fill:#1a7f37}\
    .span{opacity:.16}.label{font-weight:600}\
    @media(prefers-color-scheme:dark){text,.lone{fill:#e6edf3}.quiet{fill:#9aa4af}\
    .ground{fill:#0d1117}.grid{stroke:#30363d}.band{fill:#58a6ff;opacity:.25}\
    .expected{stroke:#79b8ff}.value{stroke:#e6edf3}.special{fill:#bc8cff}.outage{fill:#9aa4af}\
    .critical{fill:#ff7b72}.warning{fill:#e3a33b}.info{fill:#56d364}}
    """

  private var low: Double {
    let values = points.flatMap { [$0.value, $0.lower] }.filter(\.isFinite)
    let least = values.min() ?? 0
    let isAmount = metric.kind == .count || metric.kind == .money
    return isAmount && least >= 0 ? 0 : least - 0.05 * (high - least)
  }

  private var high: Double {
    let most = points.flatMap { [$0.value, $0.upper] }.filter(\.isFinite).max() ?? 1
    return most > 0 ? most * 1.05 : most + max(most.magnitude, 1) * 0.05
  }

  /// The drawing.
  var text: String {
    let caption = marks.map(\.sentence)
    let height = 386 + 20 * caption.count
    var svg = SVGWriter(
      width: Self.width, height: height, title: title,
      description: "Values of \(Wording.metricPhrase(metric)) beside the band that holds 95 of 100"
        + " normal values. " + caption.joined(separator: " "), style: Self.style)
    svg.words("head", x: Self.left, y: 26, title)
    let (low, range) = (low, max(high - low, 1e-9))
    func y(_ value: Double) -> Double {
      Self.bottom - (value - low) / range * (Self.bottom - Self.top)
    }
    drawGrid(&svg, y)
    drawShades(&svg)
    drawBand(&svg, y)
    drawValues(&svg, y)
    for mark in marks { draw(mark, &svg, y) }
    drawLegend(&svg)
    for (place, sentence) in caption.enumerated() {
      svg.words("", x: Self.left, y: 384 + 20 * Double(place), sentence)
    }
    return svg.closed
  }

  private func x(_ bucket: Int32) -> Double {
    let first = points.first?.bucket ?? 0
    let count = max(Double(points.last?.bucket ?? 1) - Double(first), 1)
    return Self.left + (Double(bucket) - Double(first)) / count * (Self.right - Self.left)
  }

  private var step: Double {
    (Self.right - Self.left) / max(Double(points.count - 1), 1)
  }

  private func drawGrid(_ svg: inout SVGWriter, _ y: (Double) -> Double) {
    for value in Self.ticks(low, high) {
      svg.line("grid", [(Self.left, y(value)), (Self.right, y(value))])
      svg.words("quiet end", x: Self.left - 8, y: y(value) + 4, numberWords(value))
    }
    let every = max(points.count / 7, 1)
    for place in stride(from: every / 2, to: points.count, by: every) {
      let bucket = points[place].bucket
      let moment = DetectionFile.moment(Bucket(metric.granularity, bucket))
      svg.words(
        "quiet middle", x: x(bucket), y: Self.bottom + 18, String(moment.prefix(16)))
    }
  }

  /// Round numbers from the lowest to the highest.
  private static func ticks(_ low: Double, _ high: Double) -> [Double] {
    var size = 1e-9
    let factors = [2.0, 2.5, 2]
    var place = 0
    while (high - low) / size > 6 {
      size *= factors[place % 3]
      place += 1
    }
    let first = (low / size).rounded(.up)
    return (0...8).map { (first + Double($0)) * size }.filter { $0 <= high }
  }

  private func drawShades(_ svg: inout SVGWriter) {
    for point in points where point.isSpecial || point.isOutage {
      svg.rectangle(
        point.isOutage ? "outage" : "special", x: x(point.bucket) - max(step, 2) / 2, y: Self.top,
        width: max(step, 2), height: Self.bottom - Self.top,
        title: point.isOutage ? "platform event" : "holiday or known event")
    }
  }

  private func drawBand(_ svg: inout SVGWriter, _ y: (Double) -> Double) {
    let known = points.filter { $0.lower.isFinite && $0.upper.isFinite }
    let upper = known.map { (x: x($0.bucket), y: y(min($0.upper, high))) }
    let lower = known.reversed().map { (x: x($0.bucket), y: y(max($0.lower, low))) }
    if !known.isEmpty { svg.area("band", upper + lower) }
    svg.line("expected", known.map { (x: x($0.bucket), y: y($0.expected)) })
  }

  /// A line between values; one that stands alone between gaps is a dot.
  private func drawValues(_ svg: inout SVGWriter, _ y: (Double) -> Double) {
    var run: [(x: Double, y: Double)] = []
    func end(_ svg: inout SVGWriter) {
      if run.count == 1 {
        svg.dot("lone", x: run[0].x, y: run[0].y, radius: 1.6, title: "")
      } else if run.count > 1 {
        svg.line("value", run)
      }
      run.removeAll()
    }
    for point in points {
      if point.value.isNaN { end(&svg) } else { run.append((x(point.bucket), y(point.value))) }
    }
    end(&svg)
  }

  private func draw(_ mark: Mark, _ svg: inout SVGWriter, _ y: (Double) -> Double) {
    let from = x(mark.buckets.lowerBound)
    let to = x(mark.buckets.upperBound)
    svg.rectangle(
      "\(mark.severity.name) span", x: from - max(step, 3) / 2, y: Self.top,
      width: to - from + max(step, 3), height: Self.bottom - Self.top, title: mark.sentence)
    for point in points where mark.buckets.contains(point.bucket) && point.value.isFinite {
      svg.dot(
        mark.severity.name, x: x(point.bucket), y: y(point.value), radius: 3.4,
        title: mark.sentence)
    }
    let isLate = from > Self.right - 160
    svg.words(
      "\(mark.severity.name) label\(isLate ? " end" : "")", x: isLate ? to : from,
      y: Self.top - 8, "\(mark.type.name.replacing("_", with: " ")) · \(mark.severity.name)")
  }

  private func drawLegend(_ svg: inout SVGWriter) {
    let y = Self.bottom + 34
    svg.rectangle("band", x: Self.left, y: y - 9, width: 22, height: 10)
    svg.words("quiet", x: Self.left + 28, y: y, "where 95 of 100 normal values lie")
    svg.line("expected", [(Self.left + 240, y - 4), (Self.left + 262, y - 4)])
    svg.words("quiet", x: Self.left + 268, y: y, "expected")
    if points.contains(where: \.isSpecial) {
      svg.rectangle("special", x: Self.left + 350, y: y - 9, width: 14, height: 10)
      svg.words("quiet", x: Self.left + 370, y: y, "holiday or known event")
    }
    if points.contains(where: \.isOutage) {
      svg.rectangle("outage", x: Self.left + 530, y: y - 9, width: 14, height: 10)
      svg.words("quiet", x: Self.left + 550, y: y, "platform event")
    }
  }
}
