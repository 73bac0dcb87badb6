import AnomalyContract
import Baselines
import EvidenceContract
import PointsContract
import RPC
import SeriesContract
import SeriesModel
import ServiceRuntime

/// What a house is told about judgement, over the classifier, which owns it.
struct HouseSettings {
  let client: HouseClient
  let actor: String

  init(reading reader: ConfigurationReader) {
    client = HouseClient(reading: reader)
    actor = reader.text("by", default: "tidemark command line", help: "who sets it, for the record")
  }

  func put(_ request: PutSettingsRequest) async throws -> PutSettingsResponse {
    var named = request
    named.actorName = actor
    let ready = named
    return try await client.with("classifier") { caller in
      try await ClassifierClient(caller).putSettings(ready, options: Self.options)
    }
  }

  func remove(_ request: RemoveSettingsRequest) async throws -> RemoveSettingsResponse {
    var named = request
    named.actorName = actor
    let ready = named
    return try await client.with("classifier") { caller in
      try await ClassifierClient(caller).removeSettings(ready, options: Self.options)
    }
  }

  /// All settings; those that were replaced or removed as well where they are asked for.
  func all(includesPast: Bool) async throws -> [Setting] {
    try await client.with("classifier") { caller in
      var request = ListSettingsRequest()
      request.includePast = includesPast
      var page = Page()
      page.pageSize = 1_000
      var found: [Setting] = []
      repeat {
        request.page = page
        let answer = try await ClassifierClient(caller).listSettings(
          request, options: CallOptions())
        found += answer.settings
        page.pageToken = answer.nextPageToken
      } while !page.pageToken.isEmpty
      return found
    }
  }

  /// What is odd about a scope: a customer that nobody knows yet may be a slip of the pen.
  ///
  /// Nil where nothing is, or where ingest cannot be asked: what was set is set.
  func notice(of scope: Scope) async -> String? {
    guard case .customer(let name) = scope else { return nil }
    return await client.notice(ofCustomer: name)
  }

  /// Above the time that the classifier waits for baseline.
  private static let options = CallOptions(timeoutMilliseconds: 30_000)

  /// From when on a change is judged by.
  static func effect(isTaken: Bool) -> String {
    isTaken
      ? "holds from the next scan on"
      : "stored; baseline is away and judges by it once it has answered"
  }

  /// Who set something and when, and who ended it.
  static func origin(_ setting: Setting) -> String {
    let set =
      "by \(setting.setBy), \(Timestamp.text(unixMicroseconds: setting.setUnixUs, milliseconds: false))"
    guard setting.endedUnixUs != 0 else { return set }
    return set
      + "; until \(Timestamp.text(unixMicroseconds: setting.endedUnixUs, milliseconds: false)) by \(setting.endedBy)"
  }
}
