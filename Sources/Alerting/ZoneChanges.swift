internal import SeriesModel

extension Zone {
  /// The first second after `start`, up to and with `end`, at which another offset holds, or nil.
  ///
  /// - Precondition: Less than two changes lie between the two, as with any two days of any zone.
  func firstChange(afterUnixSecond start: Int64, through end: Int64) -> Int64? {
    let offset = offsetSeconds(atUnixSecond: start)
    guard end > start, offsetSeconds(atUnixSecond: end) != offset else { return nil }
    var before = start
    var after = end
    while after - before > 1 {
      let middle = before + (after - before) / 2
      if offsetSeconds(atUnixSecond: middle) == offset { before = middle } else { after = middle }
    }
    return after
  }

  /// The second at which the clock first shows a local time, counted like Unix seconds.
  ///
  /// A local time that is skipped gives the second at which the clock has gone on; one that comes
  /// twice gives the first.
  func firstUnixSecond(atLocalSecond local: Int64) -> Int64 {
    let dayBefore = local - 86_400
    let before = offsetSeconds(atUnixSecond: dayBefore)
    let unchanged = local - before
    guard let change = firstChange(afterUnixSecond: dayBefore, through: local + 86_400) else {
      return unchanged
    }
    return unchanged < change
      ? unchanged : max(change, local - offsetSeconds(atUnixSecond: change))
  }
}
