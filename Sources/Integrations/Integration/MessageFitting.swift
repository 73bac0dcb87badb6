public import JSON

extension OutgoingMessage {
  /// The message with only so many of its anomalies; the others are counted as omitted.
  public func keeping(_ count: Int) -> OutgoingMessage {
    let kept = max(1, min(count, items.count))
    var message = self
    message.items = Array(items.prefix(kept))
    message.omittedCount += items.count - kept
    return message
  }

  /// The largest rendering that is not longer than a limit.
  ///
  /// - Parameters:
  ///   - bytesLimit: Most bytes of the rendering.
  ///   - render: Renders a message; more anomalies never make it shorter.
  /// - Returns: The bytes, with anomalies left out from the end until they fit; nil where the lead
  ///   alone is too long.
  public func fitting(
    bytesLimit: Int, _ render: (OutgoingMessage) -> JSONValue
  ) -> [UInt8]? {
    var best: [UInt8]?
    var low = 1
    var high = items.count
    // All of them fit almost always, so that is tried first.
    var count = high
    while low <= high {
      let bytes = render(keeping(count)).encodedBytes()
      if bytes.count <= bytesLimit {
        best = bytes
        low = count + 1
      } else {
        high = count - 1
      }
      count = (low + high) / 2
    }
    return best
  }
}
