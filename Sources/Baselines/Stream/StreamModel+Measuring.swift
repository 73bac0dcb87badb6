/// What the measurements of one value found together.
struct StreamTally: Sendable {
  /// All that went beyond a record.
  private(set) var sum = 0.0
  /// What came before the longest window that has been filled; nil before any has.
  var usual: StreamModel.Usual?
  // By the raw value of the change.
  private var sums = SIMD8<Double>()
  private var furthest = SIMD8<Double>()
  private var lengths = SIMD8<Int>()

  /// What is out of the ordinary most.
  var change: StreamChange {
    var best = StreamChange.none
    for change in StreamChange.allCases
    where sums[Int(change.rawValue)] > sums[Int(best.rawValue)] {
      best = change
    }
    return best
  }

  /// In how many newest values that shows most.
  var length: Int { lengths[Int(change.rawValue)] }

  /// Adds what a measurement of so many newest values goes beyond its record; the sign tells which
  /// change it speaks for.
  mutating func add(_ excess: Double, above: StreamChange, below: StreamChange, length: Int) {
    guard excess != 0 else { return }
    let place = Int((excess > 0 ? above : below).rawValue)
    sum += excess.magnitude
    sums[place] += excess.magnitude
    if excess.magnitude > furthest[place] {
      furthest[place] = excess.magnitude
      lengths[place] = length
    }
  }
}

extension StreamModel {
  /// Takes all measurements after a value has been appended, and learns from them.
  mutating func measure() -> StreamTally {
    longRun.learn(values[values.count - 1], parameters)
    let level = longRun.mean.magnitude + longRun.variance.squareRoot()
    let rounding = level * parameters.roundingFloor
    var tally = StreamTally()
    for place in windows.indices {
      measureWindow(place, rounding: rounding, into: &tally)
    }
    let first = 2 * windows.count
    if values.count >= parameters.spreadLength, longRun.variance > 0 {
      let length = parameters.spreadLength
      let spread = 0.5 * naturalLogarithm(variance(ofLast: length, before: 0) + believedVariance)
      let excess = weigh(spread, first, rounding: parameters.roundingFloor)
      tally.add(excess, above: .unrest, below: .flat, length: length)
    }
    if values.count > parameters.stepLength {
      let length = parameters.stepLength
      let excess = weigh(meanStep(ofLast: length), first + 1, rounding: rounding)
      tally.add(excess, above: .unrest, below: .flat, length: length)
    }
    if values.count >= parameters.levelLength {
      let length = parameters.levelLength
      let excess = weigh(mean(ofLast: length, before: 0), first + 2, rounding: rounding)
      tally.add(excess, above: .up, below: .down, length: length)
    }
    return tally
  }

  private mutating func measureWindow(
    _ place: Int, rounding: Double, into tally: inout StreamTally
  ) {
    let window = windows[place]
    guard window.isFull else { return }
    let length = window.parameters.length
    let usual = Usual(median: window.median, deviation: scale(of: window))
    tally.usual = usual
    let distance = mean(ofLast: length, before: 0) - usual.median
    let excess = weigh(distance, 2 * place, rounding: rounding)
    tally.add(excess, above: .up, below: .down, length: length)
    guard usual.deviation > 0 else { return }
    let relative = weigh(
      distance / usual.deviation, 2 * place + 1, rounding: parameters.roundingFloor)
    tally.add(relative, above: .up, below: .down, length: length)
  }

  /// Holds a measurement against its record, then takes it in.
  private mutating func weigh(_ measured: Double, _ place: Int, rounding: Double) -> Double {
    let excess = records[place].excess(of: measured, floor: rounding, parameters)
    records[place].learn(measured, parameters)
    return excess
  }

  /// The part of the long-run variance that a local one is not believed to fall below.
  private var believedVariance: Double { parameters.varianceFloor * longRun.variance }

  /// The standard deviation of the values that a window is held against.
  func scale(of window: StreamWindow) -> Double {
    let local = variance(ofLast: window.parameters.reach, before: window.parameters.length)
    return (local + believedVariance).squareRoot()
  }

  /// The mean of so many values that came before so many newest ones.
  private func mean(ofLast length: Int, before newest: Int) -> Double {
    let end = values.count - newest
    return sum((end - length)..<end) { $0 } / Double(length)
  }

  private func variance(ofLast length: Int, before newest: Int) -> Double {
    let mean = SIMD4(repeating: mean(ofLast: length, before: newest))
    let end = values.count - newest
    let squares = sum((end - length)..<end) { values in
      let distances = values - mean
      return distances * distances
    }
    return squares / Double(length)
  }

  /// The sum of a term of each value, four at a time: one by one each addition would wait for the
  /// one before.
  @inline(__always)
  private func sum(
    _ places: Range<Int>, of term: (SIMD4<Double>) -> SIMD4<Double>
  ) -> Double {
    values.withUnsafeBufferPointer { values in
      var lanes = SIMD4<Double>()
      var place = places.lowerBound
      while place + 4 <= places.upperBound {
        lanes += term(
          SIMD4(values[place], values[place + 1], values[place + 2], values[place + 3]))
        place += 4
      }
      var sum = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])
      while place < places.upperBound {
        sum += term(SIMD4(repeating: values[place]))[0]
        place += 1
      }
      return sum
    }
  }

  /// The mean distance of so many newest values from the one before each.
  private func meanStep(ofLast length: Int) -> Double {
    var sum = 0.0
    for place in (values.count - length)..<values.count {
      sum += (values[place] - values[place - 1]).magnitude
    }
    return sum / Double(length)
  }
}
