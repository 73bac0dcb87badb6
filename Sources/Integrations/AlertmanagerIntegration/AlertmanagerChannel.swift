internal import Egress
internal import Integration
internal import JSON
internal import ServiceRuntime

/// Sends alerts to every replica of an Alertmanager.
struct AlertmanagerChannel: DeliveryChannel {
  let settings: AlertmanagerSettings
  let surroundings: ChannelSurroundings

  func send(_ message: OutgoingMessage, now: Int64) async -> SendResult {
    guard message.recipients.isEmpty else {
      return .refused("an Alertmanager decides by itself who is told")
    }
    let post = AlertmanagerPost(message, settings: settings, now: now)
    let results = await withTaskGroup(of: (Int, SendResult).self) { group in
      for (number, replica) in settings.replicas.enumerated() {
        group.addTask { (number, await self.post(post.body, to: replica)) }
      }
      var results: [(Int, SendResult)] = []
      for await result in group { results.append(result) }
      return results.sorted { $0.0 < $1.0 }.map(\.1)
    }
    var result = joined(results)
    result.reference = post.reference
    result.payload = String(decoding: post.body.prefix(payloadLogLimit), as: UTF8.self)
    return result
  }

  private func post(_ body: [UInt8], to replica: String) async -> SendResult {
    let headers = settings.authorization.map { [EgressHeader("Authorization", $0)] } ?? []
    do {
      let response = try await surroundings.egress.send(
        .json(
          url: "\(replica)/api/v2/alerts", headers: headers, body,
          totalMilliseconds: surroundings.totalMilliseconds))
      return SendResult(response, detail: Self.words(response.body))
    } catch {
      return SendResult(failure: error)
    }
  }

  /// What all replicas together say: taken is what all took, final what all refused.
  ///
  /// To be told twice is nothing to an Alertmanager, so a part that failed is a repetition for all.
  private func joined(_ results: [SendResult]) -> SendResult {
    let answers = zip(settings.replicas, results).map { "\($0.origin): \($1.answer)" }
    let answer =
      results.count == 1 ? results[0].answer : answers.joined(separator: "; ")
    let failed = results.filter { $0.outcome != .taken }
    guard let first = failed.first else { return SendResult(outcome: .taken, answer: answer) }
    let waits = failed.compactMap { result -> Int? in
      if case .retry(let seconds) = result.outcome { seconds } else { nil }
    }
    let isFinal = failed.count == results.count && failed.allSatisfy { $0.outcome == .refused }
    let isSomewhere = failed.count < results.count || failed.contains(where: \.mayHaveArrived)
    return SendResult(
      outcome: isFinal ? .refused : .retry(afterSeconds: waits.max()), failure: first.failure,
      answer: answer, mayHaveArrived: isSomewhere)
  }

  /// What is wrong: version 2 of the interface says it as a text, or as an object with a message.
  private static func words(_ body: [UInt8]) -> String {
    do {
      let value = try JSONValue(parsing: body)
      return value.stringValue ?? value["message"]?.stringValue ?? ""
    } catch {
      // A page of a proxy is shown as it begins.
      return String(decoding: body.prefix(200), as: UTF8.self)
    }
  }
}
