/// The values before a window of newest values, in order of size so that their median costs no
/// sort.
struct StreamWindow: Sendable {
  let parameters: StreamParameters.Window
  private var sorted: [Double] = []

  init(_ parameters: StreamParameters.Window) {
    self.parameters = parameters
    sorted.reserveCapacity(parameters.reach + 1)
  }

  /// Whether as many values as it reaches over have come before the window.
  var isFull: Bool { sorted.count == parameters.reach }

  /// The median; NaN without values.
  var median: Double {
    guard !sorted.isEmpty else { return .nan }
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2)
      ? 0.5 * (sorted[middle - 1] + sorted[middle]) : sorted[middle]
  }

  /// Follows the newest value that has been appended to the values.
  mutating func follow(_ values: [Double]) {
    let entering = values.count - 1 - parameters.length
    guard entering >= 0 else { return }
    sorted.insert(values[entering], at: firstPlace(notBelow: values[entering]))
    let leaving = entering - parameters.reach
    if leaving >= 0 { sorted.remove(at: firstPlace(notBelow: values[leaving])) }
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
}
