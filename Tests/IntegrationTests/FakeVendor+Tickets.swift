import Egress
import JSON
import Testing

extension FakeVendor {
  /// Does what a person does over there.
  func people(_ wanted: JSONValue) async throws {
    let client = try EgressClient(
      policy: EgressPolicy(privateHosts: ["127.0.0.1"], plaintextHosts: ["127.0.0.1"]))
    let response = try await client.send(
      EgressRequest(url: "\(url)/fake/people", body: wanted.encodedBytes()))
    #expect(response.status == 200)
  }

  /// What was done over there, in order; questions are left out.
  func effects() throws -> [String] {
    let questions = ["read", "offered", "listed", "done by a person"]
    return try requests().map(\.effect).filter { effect in
      !questions.contains(effect) && !effect.hasPrefix("found ")
    }
  }
}

extension FakeVendor {
  func expectEffects(_ wanted: [String], at location: SourceLocation = #_sourceLocation) throws {
    let effects = try effects()
    #expect(effects == wanted, sourceLocation: location)
  }
}
