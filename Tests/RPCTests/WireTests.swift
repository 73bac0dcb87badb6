import PointsContract
@testable import RPC
import SeriesContract
import Testing

@Suite("Messages on the wire")
struct WireTests {
  @Test("a message comes back as it went, unknown enum values and NaN among it")
  func roundTrip() throws {
    var request = PutPointsRequest.fixture(rows: 100)
    request.mode = PutMode(rawValue: 77)
    #expect(try PutPointsRequest(wireBytes: request.wireBytes()) == request)
    var metric = Metric()
    metric.name = "calls"
    var pair = LabelPair()
    pair.name = "región"
    pair.value = "eu-西"
    metric.dimensions = [pair, LabelPair()]
    metric.onArrival = true
    metric.decimalPlaces = -3
    var puts = PutMetricsRequest()
    puts.metrics = [Metric(), metric]
    #expect(try PutMetricsRequest(wireBytes: puts.wireBytes()) == puts)
    var batch = PointBatch()
    batch.value = [.nan, -.infinity, 0]
    let back = try PointBatch(wireBytes: batch.wireBytes())
    #expect(back.value[0].isNaN && back.value[1] == -.infinity)
  }

  @Test("an empty message is no bytes")
  func empty() throws {
    #expect(try PutPointsRequest().wireBytes().isEmpty)
    #expect(try PutPointsRequest(wireBytes: []) == PutPointsRequest())
  }

  @Test("fields of a newer contract are passed over")
  func unknownFields() throws {
    let newer: [UInt8] = [0x0A, 1, 0x78] + [0xFA, 0x3F, 2, 0xFF, 0xFE] + [0xF8, 0x3F, 5]
    #expect(try PutPointsRequest(wireBytes: newer).source == "x")
  }

  @Test("a zero byte in a string is refused on both sides and the field is named")
  func embeddedZero() throws {
    var request = PutPointsRequest()
    request.source = "a\0b"
    let writing = #expect(throws: WireError.self) { try request.wireBytes() }
    #expect(writing?.code == .embeddedZero)
    #expect(writing?.field == "tidemark.v1.PutPointsRequest.source")
    let reading = #expect(throws: WireError.self) {
      try PutPointsRequest(wireBytes: [0x0A, 3, 0x61, 0, 0x62])
    }
    #expect(reading?.code == .embeddedZero)
    #expect(reading?.field == "tidemark.v1.PutPointsRequest.source")
  }

  @Test(
    "a string that is not UTF-8 is refused",
    arguments: [
      [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82], [0xF5, 0x80, 0x80, 0x80],
    ]
      as [[UInt8]])
  func invalidText(bytes: [UInt8]) {
    let error = #expect(throws: WireError.self) {
      try PutPointsRequest(wireBytes: [0x0A, UInt8(bytes.count)] + bytes)
    }
    #expect(error?.code == .invalidText)
  }

  @Test("a string and a list above their limits are refused and named")
  func limits() throws {
    var request = PutPointsRequest()
    request.source = String(repeating: "x", count: 101)
    let text = #expect(throws: WireError.self) {
      try PutPointsRequest(wireBytes: request.wireBytes())
    }
    #expect(text?.code == .tooLarge)
    #expect(text?.field == "tidemark.v1.PutPointsRequest.source")
    var metric = Metric()
    metric.dimensions = [LabelPair](repeating: LabelPair(), count: 9)
    let list = #expect(throws: WireError.self) { try Metric(wireBytes: metric.wireBytes()) }
    #expect(list?.field == "tidemark.v1.Metric.dimensions")
    metric.dimensions.removeLast()
    #expect(try Metric(wireBytes: metric.wireBytes()) == metric)
  }

  @Test("a megabyte of empty sub-messages does not grow without end")
  func arenaBomb() {
    // Two bytes each on the wire, a hundred and more in memory.
    let bomb = [[UInt8]](repeating: [0x0A, 0], count: 190_000).flatMap { $0 }
    let error = #expect(throws: WireError.self) { try ListCustomersResponse(wireBytes: bomb) }
    #expect(error?.code == .tooLarge)
    let list = #expect(throws: WireError.self) {
      try PutCustomersRequest(
        wireBytes: [[UInt8]](repeating: [0x0A, 0], count: 10_001).flatMap { $0 })
    }
    #expect(list?.code == .tooLarge)
  }

  @Test("every byte string is read or refused, never worse", arguments: [UInt64(11), 12])
  func fuzz(seed: UInt64) throws {
    var generator = SplitMix(state: seed)
    let sound = try PutPointsRequest.fixture().wireBytes()
    for _ in 0..<5_000 {
      var bytes = sound
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
      }
      do throws(WireError) {
        let message = try PutPointsRequest(wireBytes: bytes)
        // What was read can be written and read again.
        #expect(try PutPointsRequest(wireBytes: message.wireBytes()).source == message.source)
      } catch {
        #expect(!error.detail.isEmpty)
      }
    }
  }

  @Test("the checksum is CRC-32C")
  func checksum() {
    let check = Array("123456789".utf8).withUnsafeBytes { Frame.checksum($0) }
    #expect(check == 0xE306_9283)
  }

  @Test("every limit names a field that exists")
  func limitsExist() {
    let known = Set(RPCInspector.knownFields)
    for field in WireDecoding.limits.keys {
      #expect(known.contains(field), "\(field)")
    }
  }
}
