/// The last values of a series, in order of time and in order of size.
struct RecentValues: Sendable {
  /// How many values are kept.
  static let capacity = 56

  /// Oldest first.
  private(set) var values: [Double]

  /// Smallest first, kept beside so that quartiles cost no sort.
  private var sorted: [Double]

  init(_ values: [Double] = []) {
    precondition(values.count <= Self.capacity, "more values than are kept")
    self.values = values
    self.values.reserveCapacity(Self.capacity)
    sorted = values.sorted()
    sorted.reserveCapacity(Self.capacity)
  }

  /// Adds the newest value and forgets the oldest when full.
  mutating func append(_ value: Double) {
    precondition(!value.isNaN, "a missing bucket has no value to keep")
    guard values.count == Self.capacity else {
      values.append(value)
      sorted.insert(value, at: firstPlace(notBelow: value))
      return
    }
    let left = firstPlace(notBelow: values[0])
    var right = firstPlace(notBelow: value)
    values.pushNewest(value)
    // Only what stands between the value that goes and the one that comes moves.
    if right > left { right -= 1 }
    sorted.withUnsafeMutableBufferPointer { sorted in
      guard let base = sorted.baseAddress else { return }
      if right > left {
        (base + left).update(from: base + left + 1, count: right - left)
      } else if right < left {
        (base + right + 1).update(from: base + right, count: left - right)
      }
      sorted[right] = value
    }
  }

  private func firstPlace(notBelow value: Double) -> Int {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The plain statistics of the values.
  var statistics: RecentStatistics {
    guard !values.isEmpty else { return RecentStatistics() }
    let count = Double(values.count)
    let mean = Self.sum(values) { $0 } / count
    let squares = Self.sum(values) { ($0 - mean) * ($0 - mean) }
    let median = quantile(0.5)
    return RecentStatistics(
      mean: mean,
      standardDeviation: values.count > 1 ? (squares / (count - 1)).squareRoot() : .nan,
      median: median, medianAbsoluteDeviation: medianDistance(from: median),
      lowerQuartile: quantile(0.25), upperQuartile: quantile(0.75))
  }

  /// The sum of something over the values, in four strands that a processor adds side by side.
  @inline(__always)
  private static func sum(_ values: [Double], _ term: (Double) -> Double) -> Double {
    values.withUnsafeBufferPointer { values in
      var strands = SIMD4<Double>()
      var place = 0
      while place + 4 <= values.count {
        strands += SIMD4(
          term(values[place]), term(values[place + 1]), term(values[place + 2]),
          term(values[place + 3]))
        place += 4
      }
      var sum = strands[0] + strands[1] + strands[2] + strands[3]
      while place < values.count {
        sum += term(values[place])
        place += 1
      }
      return sum
    }
  }

  /// Linear interpolation between ranks, as NumPy's default.
  private func quantile(_ share: Double) -> Double {
    let rank = share * Double(sorted.count - 1)
    let below = Int(rank)
    let part = rank - Double(below)
    guard part > 0 else { return sorted[below] }
    return sorted[below] + part * (sorted[below + 1] - sorted[below])
  }

  /// The median of the distances from a centre, walked outwards from it without a sort.
  private func medianDistance(from centre: Double) -> Double {
    var right = firstPlace(notBelow: centre)
    var left = right - 1
    let middle = sorted.count / 2
    var previous = 0.0
    var current = 0.0
    for _ in 0...middle {
      previous = current
      let leftDistance = left >= 0 ? centre - sorted[left] : .infinity
      let rightDistance = right < sorted.count ? sorted[right] - centre : .infinity
      if leftDistance < rightDistance {
        current = leftDistance
        left -= 1
      } else {
        current = rightDistance
        right += 1
      }
    }
    return sorted.count.isMultiple(of: 2) ? (previous + current) / 2 : current
  }
}
