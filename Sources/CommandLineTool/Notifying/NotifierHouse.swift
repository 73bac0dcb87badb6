import DeliveryContract
import RPC
import SeriesContract
import ServiceRuntime

/// A running house's notifier, asked from the command line.
struct NotifierHouse {
  let client: HouseClient

  init(reading reader: ConfigurationReader) {
    client = HouseClient(reading: reader)
  }

  /// Makes one call.
  func ask<Answer: Sendable>(
    _ body: @Sendable (NotifierClient, CallOptions) async throws(RPCError) -> Answer
  ) async throws -> Answer {
    try await client.with("notifier") { caller in
      try await body(NotifierClient(caller), CallOptions(timeoutMilliseconds: 15_000))
    }
  }

  /// All pages of a list.
  func pages<Item: Sendable>(
    _ body: @Sendable (NotifierClient, Page) async throws(RPCError) -> (items: [Item], next: String)
  ) async throws -> [Item] {
    try await client.with("notifier") { caller in
      var page = Page()
      page.pageSize = 1_000
      var found: [Item] = []
      repeat {
        let answer = try await body(NotifierClient(caller), page)
        found += answer.items
        page.pageToken = answer.next
      } while !page.pageToken.isEmpty
      return found
    }
  }

  /// A moment for people; a dash for none.
  static func moment(_ unixMicroseconds: Int64) -> String {
    unixMicroseconds == 0
      ? "-" : Timestamp.text(unixMicroseconds: unixMicroseconds, milliseconds: false)
  }

  /// The identity that somebody typed.
  static func id(_ text: String, _ what: String) throws(CommandError) -> [UInt8] {
    guard let id = WireUUID(text: text) else {
      throw CommandError("'\(text)' is no identity of \(what): 32 hexadecimal digits with hyphens")
    }
    return id.bytes
  }
}
