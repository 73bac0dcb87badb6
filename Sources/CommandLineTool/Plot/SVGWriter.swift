import SeriesModel

/// A drawing in SVG, written line by line.
struct SVGWriter {
  private(set) var text: String

  /// Opens a drawing that says to those who cannot see it what it shows.
  init(width: Int, height: Int, title: String, description: String, style: String) {
    text = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" \
      height="\(height)" role="img" aria-labelledby="title desc">
      <title id="title">\(Self.escaped(title))</title>
      <desc id="desc">\(Self.escaped(description))</desc>
      <style>\(style)</style>
      <rect class="ground" width="\(width)" height="\(height)"/>

      """
  }

  /// A rectangle, with words that show when it is pointed at.
  mutating func rectangle(
    _ style: String, x: Double, y: Double, width: Double, height: Double, title: String = ""
  ) {
    let inner = title.isEmpty ? "" : "<title>\(Self.escaped(title))</title>"
    text +=
      "<rect class=\"\(style)\" x=\"\(Self.number(x))\" y=\"\(Self.number(y))\""
      + " width=\"\(Self.number(width))\" height=\"\(Self.number(height))\">\(inner)</rect>\n"
  }

  /// A line through points.
  mutating func line(_ style: String, _ points: [(x: Double, y: Double)]) {
    text += "<polyline class=\"\(style)\" points=\"\(Self.list(points))\"/>\n"
  }

  /// The area that points enclose.
  mutating func area(_ style: String, _ points: [(x: Double, y: Double)]) {
    text += "<polygon class=\"\(style)\" points=\"\(Self.list(points))\"/>\n"
  }

  /// A dot, with words that show when it is pointed at.
  mutating func dot(_ style: String, x: Double, y: Double, radius: Double, title: String) {
    text +=
      "<circle class=\"\(style)\" cx=\"\(Self.number(x))\" cy=\"\(Self.number(y))\""
      + " r=\"\(Self.number(radius))\"><title>\(Self.escaped(title))</title></circle>\n"
  }

  /// Words.
  mutating func words(_ style: String, x: Double, y: Double, _ words: String) {
    text +=
      "<text class=\"\(style)\" x=\"\(Self.number(x))\" y=\"\(Self.number(y))\">"
      + "\(Self.escaped(words))</text>\n"
  }

  /// The finished drawing.
  var closed: String { text + "</svg>\n" }

  private static func list(_ points: [(x: Double, y: Double)]) -> String {
    points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
  }

  /// A number with one decimal place.
  private static func number(_ value: Double) -> String {
    guard value.magnitude < 1e9 else { return "0" }
    let tenths = (value * 10).rounded() / 10
    return tenths == tenths.rounded() ? "\(Int(tenths))" : "\(tenths)"
  }

  /// Text that cannot end the element it stands in.
  static func escaped(_ text: String) -> String {
    var out = ""
    for character in oneLine(text) {
      switch character {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "\"": out += "&quot;"
      default: out.append(character)
      }
    }
    return out
  }
}
