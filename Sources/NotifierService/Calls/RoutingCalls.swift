internal import Alerting
internal import Cryptography
internal import DeliveryContract
internal import RPC
internal import SeriesContract

// Trying the routes, and the pages of lists.
extension NotifierCalls {
  func testRouting(
    _ request: TestRoutingRequest, context: CallContext
  ) async throws(RPCError) -> TestRoutingResponse {
    var labels: Labels = [:]
    for pair in request.labels {
      guard Notice.labelNames.contains(pair.name) else {
        throw RPCError(
          .invalidArgument, field: "labels", reason: "unknown_label",
          "there is no label '\(pair.name)'; there are "
            + Notice.labelNames.joined(separator: ", "))
      }
      labels[pair.name] = pair.value
    }
    let matches = store.configuration.current.tree?.matches(labels) ?? []
    var response = TestRoutingResponse()
    response.receivers = matches.map(\.receiver)
    response.routes = matches.map(\.path)
    return response
  }

  /// How many rows a page has.
  func pageSize(_ page: Page?) throws(RPCError) -> Int {
    let size = page?.pageSize ?? 0
    guard size >= 0 else {
      throw RPCError(
        .invalidArgument, field: "page.page_size", reason: "out_of_range",
        "page.page_size must not be negative and is \(size)")
    }
    return size == 0 ? 50 : min(Int(size), 1_000)
  }

  /// Where a page begins: before this; the largest number where it is the first.
  func pageStart(_ page: Page?) throws(RPCError) -> Int64 {
    guard let token = page?.pageToken, !token.isEmpty else { return .max }
    let refusal = RPCError(
      .invalidArgument, field: "page.page_token", reason: "bad_token",
      "page.page_token is not one that was given out")
    do {
      let text = String(decoding: try Base64.decodeURL(token), as: UTF8.self)
      guard text.hasPrefix("d1:"), let place = Int64(text.dropFirst(3)) else { throw refusal }
      return place
    } catch {
      throw refusal
    }
  }

  /// What leads to the page that begins before this.
  func pageToken(_ place: Int64) -> String { Base64.encodeURL(Array("d1:\(place)".utf8)) }
}
