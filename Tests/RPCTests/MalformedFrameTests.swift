import Nanomsg
import PointsContract
@testable import RPC
import SeriesContract
import Testing

@Suite("Malformed frames")
struct MalformedFrameTests {
  /// A sound request, as bytes.
  private func soundFrame(deadline: Deadline = .after(milliseconds: 60_000)) throws -> [UInt8] {
    let call = OutgoingCall(IngestMethods.putPoints, CallOptions(deadline: deadline))
    let envelope = RequestEnvelope(call: call, attempt: 1, callerToken: "")
    let message = try envelope.frame(PutPointsRequest.fixture())
    return message.withBytes { Array($0) }
  }

  /// Sends raw bytes and gives back the status of the answer.
  private func status(of bytes: [UInt8], at url: String) async throws -> RPCError? {
    let socket = try NanomsgRequestSocket(url: url)
    let end = Sweeper.nowMilliseconds + 10_000
    _ = await socket.waitForConnection(deadlineMilliseconds: end)
    defer { socket.close() }
    return try await status(of: bytes, over: socket)
  }

  /// A socket for raw frames.
  private func connected(to server: RPCServer) async throws -> NanomsgRequestSocket {
    let socket = try NanomsgRequestSocket(url: server.urls[0])
    #expect(
      await socket.waitForConnection(deadlineMilliseconds: Sweeper.nowMilliseconds + 10_000))
    return socket
  }

  private func status(
    of bytes: [UInt8], over socket: NanomsgRequestSocket
  ) async throws -> RPCError? {
    var message = try NanomsgMessage(byteCount: bytes.count)
    message.withMutableBytes { $0.copyBytes(from: bytes) }
    let reply = try await socket.exchange(
      message, deadlineMilliseconds: Sweeper.nowMilliseconds + 10_000)
    return try reply.withBytes { try ResponseHeader(wire: try Frame.Parts($0).header).error }
  }

  /// The frame with another checksum, so that what is inside is looked at.
  private func resealed(_ frame: [UInt8]) -> [UInt8] {
    var frame = frame
    let sum = frame.withUnsafeBytes {
      Frame.checksum(UnsafeRawBufferPointer(rebasing: $0[Frame.prefixBytes...]))
    }
    frame.withUnsafeMutableBytes {
      $0.storeBytes(of: sum.littleEndian, toByteOffset: 4, as: UInt32.self)
    }
    return frame
  }

  @Test("a frame that is cut short at any byte is refused, and the server lives")
  func truncated() async throws {
    try await withServer { server, channel in
      let frame = try soundFrame()
      let socket = try await connected(to: server)
      defer { socket.close() }
      for length in 0..<frame.count {
        let error = try await status(of: Array(frame[..<length]), over: socket)
        #expect(error?.code == .invalidArgument, "cut at \(length)")
      }
      #expect(try await status(of: frame, over: socket) == nil)
      #expect(try await IngestClient(channel).putPoints(.fixture()).accepted == 3)
    }
  }

  @Test("a payload that is cut short under a right checksum never passes for a whole one")
  func truncatedPayload() async throws {
    try await withServer { server, _ in
      let frame = try soundFrame()
      let socket = try await connected(to: server)
      defer { socket.close() }
      for length in Frame.prefixBytes..<frame.count {
        let error = try await status(of: resealed(Array(frame[..<length])), over: socket)
        // A cut between two fields leaves a smaller, sound message.
        #expect(error == nil || error?.code == .invalidArgument, "cut at \(length)")
      }
    }
  }

  @Test("a wrong checksum is refused wherever the bit turned")
  func wrongChecksum() async throws {
    try await withServer { server, _ in
      let frame = try soundFrame()
      let socket = try await connected(to: server)
      defer { socket.close() }
      for index in frame.indices {
        var damaged = frame
        damaged[index] ^= 1 << UInt8(index % 8)
        let error = try await status(of: damaged, over: socket)
        #expect(error?.code == .invalidArgument || error?.code == .resourceExhausted)
      }
    }
  }

  @Test("a header length that lies is refused", arguments: [1, 65_536, 1 << 31, UInt32.max])
  func lyingLength(length: UInt32) async throws {
    try await withServer { server, _ in
      var frame = try soundFrame()
      frame.withUnsafeMutableBytes {
        $0.storeBytes(of: length.littleEndian, as: UInt32.self)
      }
      let error = try await status(of: frame, at: server.urls[0])
      #expect(error?.code == .invalidArgument)
    }
  }

  @Test("random bytes are refused, sealed or not", arguments: [UInt64(1), 2, 3])
  func random(seed: UInt64) async throws {
    var generator = SplitMix(state: seed)
    try await withServer { server, channel in
      let socket = try await connected(to: server)
      defer { socket.close() }
      for round in 0..<300 {
        let count = Int.random(in: 8...200, using: &generator)
        var bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        if round.isMultiple(of: 2) {
          // A header length that fits lets the walk go further.
          bytes.replaceSubrange(0..<4, with: [UInt8(count - 8), 0, 0, 0])
          bytes = resealed(bytes)
        }
        let error = try await status(of: bytes, over: socket)
        #expect(error != nil, "seed \(seed) round \(round)")
      }
      #expect(try await IngestClient(channel).putPoints(.fixture()).accepted == 3)
    }
  }

  @Test("a request without a deadline is refused, an expired one is not run")
  func deadlines() async throws {
    var handler = IngestFixture()
    handler.putPointsBody = { (_, _) throws(RPCError) in
      throw RPCError(.internal, "must not run")
    }
    try await withServer(handler) { server, _ in
      let missing = try await status(
        of: soundFrame(deadline: Deadline(unixMicroseconds: 0)), at: server.urls[0])
      #expect(missing?.code == .invalidArgument)
      #expect(missing?.details.first?.field == "deadline_unix_us")
      let expired = try await status(
        of: soundFrame(deadline: Deadline(unixMicroseconds: 1)), at: server.urls[0])
      #expect(expired?.code == .deadlineExceeded)
    }
  }

  @Test("a frame above the limit breaks its connection only")
  func oversized() async throws {
    try await withServer(url: "tcp://127.0.0.1:0") { server, channel in
      let socket = try await connected(to: server)
      defer { socket.close() }
      let error = await #expect(throws: NanomsgError.self) {
        _ = try await socket.exchange(
          try NanomsgMessage(byteCount: Frame.byteLimit + 1),
          deadlineMilliseconds: Sweeper.nowMilliseconds + 10_000)
      }
      #expect(error?.code == .unreachable)
      #expect(try await IngestClient(channel).putPoints(.fixture()).accepted == 3)
    }
  }
}

/// Numbers that are the same for the same seed.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
