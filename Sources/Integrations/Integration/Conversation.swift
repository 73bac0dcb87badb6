public import Egress

/// Several requests that are one try and keep its bound together.
public struct Conversation: Sendable {
  private let egress: EgressClient
  private let headers: [EgressHeader]
  private var leftMilliseconds: Int

  /// Begins a try; the headers go with each request.
  public init(_ surroundings: ChannelSurroundings, headers: [EgressHeader]) {
    egress = surroundings.egress
    leftMilliseconds = surroundings.totalMilliseconds
    self.headers = headers
  }

  /// Asks one thing within the time that is left.
  ///
  /// - Throws: `EgressError`; `timeout` when no time is left.
  public mutating func send(
    _ method: EgressRequest.Method, _ url: String, _ body: [UInt8] = []
  ) async throws(EgressError) -> EgressResponse {
    guard leftMilliseconds > 0 else {
      throw EgressError(.timeout, "no time is left for the requests of one try")
    }
    let response = try await egress.send(
      .json(method, url: url, headers: headers, body, totalMilliseconds: leftMilliseconds))
    leftMilliseconds -= Int(response.durationMicroseconds / 1_000)
    return response
  }
}
