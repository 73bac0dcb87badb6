internal import CPNG

/// A small picture of what was expected (a grey line) and what was seen (a blue one, its last value
/// a red dot), without words.
///
/// The same numbers give the same bytes.
public struct SparklinePicture: Sendable, Hashable {
  /// Most pairs that are drawn; of more, the last ones.
  public static let pointsLimit = 60
  /// Width in pixels; to be shown at half of it.
  public static let width = 480
  /// Height in pixels; to be shown at half of it.
  public static let height = 96

  /// The picture as PNG, about a kilobyte.
  public let png: [UInt8]

  /// Draws pairs of an expected and a seen value, oldest first; nil where fewer than two were seen,
  /// because a point is no line.
  ///
  /// A value that is missing or not finite leaves a gap.
  public init?(expected: [Double?], observed: [Double?]) {
    let count = min(Self.pointsLimit, max(expected.count, observed.count))
    let expected = Self.last(count, of: expected)
    let observed = Self.last(count, of: observed)
    guard observed.compactMap({ $0 }).count >= 2 else { return nil }
    let all = (expected + observed).compactMap { $0 }
    guard let low = all.min(), let high = all.max() else { return nil }
    var canvas = SparklineCanvas(width: Self.width, height: Self.height)
    // Halved first, because the whole span of two large numbers may be no number.
    let span = high / 2 - low / 2
    func place(_ index: Int, _ value: Double) -> (x: Int, y: Int) {
      let margin = 8
      let share = span > 0 ? (value / 2 - low / 2) / span : 0.5
      let x = margin + index * (Self.width - 2 * margin - 1) / max(1, count - 1)
      return (x, margin + Int(((1 - share) * Double(Self.height - 2 * margin - 1)).rounded()))
    }
    func line(_ values: [Double?], _ color: SparklineCanvas.Color, _ radius: Int) {
      var before: (x: Int, y: Int)?
      for (index, value) in values.enumerated() {
        guard let value else {
          before = nil
          continue
        }
        let here = place(index, value)
        canvas.line(from: before ?? here, to: here, color, radius: radius)
        before = here
      }
    }
    line(expected, .expected, 1)
    line(observed, .observed, 2)
    if let index = observed.lastIndex(where: { $0 != nil }), let value = observed[index] {
      let end = place(index, value)
      canvas.line(from: end, to: end, .last, radius: 6)
    }
    guard let png = canvas.png() else { return nil }
    self.png = png
  }

  private static func last(_ count: Int, of values: [Double?]) -> [Double?] {
    let kept = values.suffix(count).map { value in value.flatMap { $0.isFinite ? $0 : nil } }
    // The shorter row has its gap at the beginning, so that both end at the same moment.
    return [Double?](repeating: nil, count: count - kept.count) + kept
  }
}

/// Pixels in few colours.
struct SparklineCanvas {
  enum Color: UInt8, CaseIterable {
    case ground = 0
    case expected = 1
    case observed = 2
    case last = 3

    var rgb: [UInt8] {
      switch self {
      case .ground: [0xff, 0xff, 0xff]
      case .expected: [0xb0, 0xb0, 0xb0]
      case .observed: [0x1f, 0x5f, 0xbf]
      case .last: [0xd0, 0x20, 0x20]
      }
    }
  }

  let width: Int
  let height: Int
  private(set) var pixels: [UInt8]

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    pixels = [UInt8](repeating: Color.ground.rawValue, count: width * height)
  }

  /// A line with round ends (Bresenham's).
  mutating func line(
    from start: (x: Int, y: Int), to end: (x: Int, y: Int), _ color: Color, radius: Int
  ) {
    let run = abs(end.x - start.x)
    let rise = -abs(end.y - start.y)
    var (x, y, error) = (start.x, start.y, run + rise)
    while true {
      dot(x, y, color, radius)
      if x == end.x && y == end.y { return }
      let doubled = 2 * error
      if doubled >= rise {
        error += rise
        x += x < end.x ? 1 : -1
      }
      if doubled <= run {
        error += run
        y += y < end.y ? 1 : -1
      }
    }
  }

  private mutating func dot(_ x: Int, _ y: Int, _ color: Color, _ radius: Int) {
    for row in max(0, y - radius)...min(height - 1, y + radius) {
      for column in max(0, x - radius)...min(width - 1, x + radius) {
        let distance = (row - y) * (row - y) + (column - x) * (column - x)
        if distance <= radius * radius { pixels[row * width + column] = color.rawValue }
      }
    }
  }

  /// The picture as PNG; nil where libpng has no memory for it.
  func png() -> [UInt8]? {
    let palette = Color.allCases.flatMap(\.rgb)
    func write(_ memory: UnsafeMutableRawPointer?, _ size: inout Int) -> Bool {
      pixels.withUnsafeBufferPointer { pixels in
        palette.withUnsafeBufferPointer { palette in
          tidemark_png_write(
            pixels.baseAddress, UInt32(width), UInt32(height), palette.baseAddress,
            UInt32(Color.allCases.count), memory, &size)
        }
      } == 1
    }
    var size = 0
    guard write(nil, &size), size > 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    let isWritten = bytes.withUnsafeMutableBytes { write($0.baseAddress, &size) }
    return isWritten ? Array(bytes.prefix(size)) : nil
  }
}
