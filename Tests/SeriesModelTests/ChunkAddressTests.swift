import SeriesModel
import Testing

@Suite("Chunk addresses")
struct ChunkAddressTests {
  @Test(arguments: Granularity.allCases)
  func `first bucket and slot add up, and chunks tile the time line`(granularity: Granularity) {
    var previous: Range<Int32>?
    for index in Int32(-1_000)...40_000 {
      let bucket = Bucket(granularity, index)
      let address = ChunkAddress(bucket)
      let chunk = ChunkAddress.chunk(holding: bucket)
      #expect(address.start + Int32(address.slot) == index)
      #expect(address.slot < granularity.slotsPerChunk && chunk.contains(index))
      if let previous, previous != chunk { #expect(previous.upperBound == chunk.lowerBound) }
      previous = chunk
    }
  }

  @Test func `a chunk of days is a calendar month`() throws {
    let leapDay = try #require(CivilDate(year: 2024, month: 2, day: 29))
    let address = ChunkAddress(Bucket(.day, Int32(leapDay.dayIndex)))
    #expect(address.slot == 28)
    #expect(CivilDate(dayIndex: Int(address.start)).description == "2024-02-01")
    let chunk = ChunkAddress.chunk(holding: Bucket(.day, Int32(leapDay.dayIndex)))
    #expect(chunk.count == 29)
  }
}
