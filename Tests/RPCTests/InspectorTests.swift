import JSON
import PointsContract
import RPC
import Testing

@Suite("Calls from JSON")
struct InspectorTests {
  @Test("JSON becomes the request, and the answer becomes JSON")
  func roundTrip() async throws {
    var handler = IngestFixture()
    handler.putPointsBody = { (request, _) throws(RPCError) in
      guard request.mode == .increment, request.sequence == 12, request.source == "hand",
        request.points?.value == [1.5, -2], request.points?.timeUnixUs == [9_007_199_254_740_993],
        request.points?.customerIndex == [0, 1]
      else { throw RPCError(.failedPrecondition, "\(request)") }
      var response = PutPointsResponse()
      response.accepted = 2
      response.repeatedBatch = true
      var fault = PointFault()
      fault.row = 1
      fault.code = "not_finite"
      response.faults = [fault]
      return response
    }
    try await withServer(handler) { server, _ in
      let answer = try await RPCInspector.call(
        url: server.urls[0], method: "Ingest/PutPoints",
        json: """
          {"source": "hand", "sequence": "12", "mode": "PUT_MODE_INCREMENT",
           "points": {"customerIndex": [0, 1], "value": [1.5, -2],
                      "time_unix_us": ["9007199254740993"]}}
          """)
      let json = try JSONValue(parsing: answer)
      #expect(json["accepted"] == .string("2"))
      #expect(json["repeatedBatch"] == .bool(true))
      #expect(json["faults"]?[0]?["row"] == .integer(1))
      #expect(json["faults"]?[0]?["code"] == .string("not_finite"))
      #expect(json["changed"] == nil)
    }
  }

  @Test(
    "what is wrong in the JSON is named",
    arguments: [
      (#"{"sorce": "x"}"#, "sorce"),
      (#"{"points": {"values": [1]}}"#, "points.values"),
      (#"{"points": {"value": [1, "x"]}}"#, "points.value[1]"),
      (#"{"sequence": -1}"#, "sequence"),
      (#"{"sequence": 1.5}"#, "sequence"),
      (#"{"mode": "PUT_MODE_SOMETIMES"}"#, "mode"),
      (#"{"points": {"customer_index": [4294967296]}}"#, "points.customer_index[0]"),
      (#"{"points": []}"#, "points"),
      (#"{"source": 4}"#, "source"),
    ])
  func faults(json: String, field: String) async throws {
    try await withServer { server, _ in
      let url = server.urls[0]
      let error = await #expect(throws: RPCError.self) {
        try await RPCInspector.call(url: url, method: "Ingest/PutPoints", json: json)
      }
      #expect(error?.code == .invalidArgument)
      #expect(error?.details.first?.field == field)
    }
  }

  @Test("text that is no JSON and methods that no contract has are refused")
  func noSense() async throws {
    let noJSON = await #expect(throws: RPCError.self) {
      try await RPCInspector.call(
        url: uniqueInprocURL(), method: "Ingest/PutPoints", json: "{nonsense")
    }
    #expect(noJSON?.code == .invalidArgument)
    let noMethod = await #expect(throws: RPCError.self) {
      try await RPCInspector.call(url: uniqueInprocURL(), method: "Ingest/Nothing", json: "{}")
    }
    #expect(noMethod?.code == .unimplemented)
  }

  @Test("a server lists what it serves")
  func list() async throws {
    try await withServer { server, _ in
      let info = try await RPCInspector.list(url: server.urls[0])
      #expect(info.service == "ingest")
      #expect(info.contractHash.count == 64)
      #expect(info.methods.map(\.name).contains("tidemark.v1.Ingest/PutPoints"))
      #expect(info.methods.filter { !$0.idempotent }.isEmpty)
    }
  }

  @Test("every service of the contracts can be called")
  func knownMethods() {
    let services = Set(RPCInspector.knownMethods.map { $0.split(separator: "/")[0] })
    #expect(
      services == [
        "tidemark.v1.Meta", "tidemark.v1.Ingest", "tidemark.v1.Baseline", "tidemark.v1.Detector",
        "tidemark.v1.Classifier", "tidemark.v1.Notifier", "tidemark.v1.Gateway",
      ])
  }

  @Test("bytes and NaN cross as base64 and text")
  func bytesAndNaN() async throws {
    try await withServer { server, _ in
      let answer = try await RPCInspector.call(
        url: server.urls[0], method: "Ingest/PutCustomers",
        json: #"{"customers": [{"id": "AAECAwQFBgcICQoLDA0ODw==", "annualValue": "NaN"}]}"#)
      let created = try JSONValue(parsing: answer)["created"]
      #expect(created == .string("1"))
    }
  }
}
