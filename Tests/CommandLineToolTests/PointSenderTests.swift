import RPC
import Testing

@testable import CommandLineTool

@Suite("Account of an import")
struct PointSenderTests {
  @Test func `rows that were refused for the same reason are told once, with their count`()
    async throws
  {
    var sender = PointSender(Nobody(), source: "test", patience: .zero)
    for line in 2...4 { try await sender.add(.fault(line: line, "metric \"a\" is not known")) }
    try await sender.add(.fault(line: 5, "value is not finite"))
    try await sender.flush()
    #expect(sender.account.rows == 4 && sender.account.refused == 4)
    #expect(
      sender.account.faults == [
        PointSender.Fault(line: 2, reason: "metric \"a\" is not known", count: 3),
        PointSender.Fault(line: 5, reason: "value is not finite", count: 1),
      ])
  }

  @Test func `of too many reasons the further rows are only counted`() async throws {
    var sender = PointSender(Nobody(), source: "test", patience: .zero)
    for line in 1...PointSender.faultsNamed + 2 {
      try await sender.add(.fault(line: line, "value \"\(line)\" is no number"))
    }
    #expect(sender.account.faults.count == PointSender.faultsNamed)
    #expect(sender.account.refused == Int64(PointSender.faultsNamed + 2))
  }
}

/// A service that is away: rows that are refused here are not sent.
private struct Nobody: RPCCaller {
  func call<Request: WireMessage, Response: WireMessage>(
    _ method: RPCMethod, _ request: Request, options: CallOptions
  ) async throws(RPCError) -> Response {
    throw RPCError(.unavailable, "nobody is called")
  }
}
