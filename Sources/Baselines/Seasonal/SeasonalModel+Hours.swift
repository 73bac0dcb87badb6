import SeriesModel

extension SeasonalModel {
  /// Takes the last two days against what is known of each hour, once a day.
  ///
  /// People who begin to work at other hours look like a drop and a spike each day; what is known
  /// of the hours must be learned anew, or they would for weeks.
  func testHours() {
    guard step.slot % 24 == 0, age >= parameters.warmUp else { return }
    let hours = 48
    var seen = Array(repeating: 0.0, count: 24)
    var usual = Array(repeating: 0.0, count: 24)
    var valid = 0
    for back in 0..<hours where !windows[back: back].clipped.isNaN {
      seen[back % 24] += Double(windows[back: back].clipped)
      usual[back % 24] += Double(windows[back: back].factor)
      valid += 1
    }
    let total = seen.reduce(0, +)
    let level = total / max(usual.reduce(0, +), 1e-9)
    let unit = kind == .money ? max(level.magnitude, 1e-9) / 1e4 : 1
    var squares = 0.0
    var changes = 0.0
    for hour in 0..<24 {
      let mean = usual[hour] * level / unit
      let value = seen[hour] / unit
      let deviate = countDeviate(value, mean: mean, dispersion: max(step.dispersion / 2, 1e-9))
      squares += min(deviate * deviate, 60)
      changes += naturalLogarithm((max(value, 0) + 1) / (max(mean, 0) + 1)).magnitude
    }
    let mayJudge =
      valid >= 40 && !guards.isSilent && (kind == .money || total > 40)
      && steps - guards.anchor > hours
    if shape.take(
      distance: (squares / 24).squareRoot(), effect: changes / 24, mayJudge: mayJudge,
      step: steps, rules: parameters.shapes)
    {
      profile.keep(0.1)
      guards.anchor = steps
      guards.fired = steps
    }
  }
}
