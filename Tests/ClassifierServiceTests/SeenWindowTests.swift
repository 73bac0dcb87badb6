import Testing

@testable import ClassifierService

@Suite("What a series remembers of its judgements")
struct SeenWindowTests {
  @Test("it tells new, known, outdated and contradicting judgements apart")
  func verdicts() {
    var window = SeenWindow()
    #expect(window.verdict(bucket: 5, revision: 1, hash: 9) == .fresh)
    window.insert(bucket: 5, revision: 1, hash: 9)
    #expect(window.verdict(bucket: 5, revision: 1, hash: 9) == .known)
    #expect(
      window.verdict(bucket: 5, revision: 1, hash: 8) == .conflict(known: SeenWindow.fingerprint(9))
    )
    #expect(window.verdict(bucket: 5, revision: 0, hash: 8) == .outdated)
    #expect(window.verdict(bucket: 5, revision: 2, hash: 8) == .fresh)
    #expect(window.verdict(bucket: 6, revision: 0, hash: 8) == .fresh)
    #expect(window.verdict(bucket: 4, revision: 1, hash: 8) == .fresh)
  }

  @Test("on arrival a bucket may be judged again with another value")
  func provisional() {
    var window = SeenWindow()
    window.insert(bucket: 5, revision: 0, hash: 9)
    #expect(window.verdict(bucket: 5, revision: 0, hash: 9) == .known)
    #expect(window.verdict(bucket: 5, revision: 0, hash: 8) == .fresh)
    window.insert(bucket: 5, revision: 1, hash: 7)
    #expect(window.verdict(bucket: 5, revision: 0, hash: 6) == .outdated)
  }

  @Test("it remembers 32 buckets, gaps among them, and comes back from its bytes")
  func remembers() {
    var window = SeenWindow()
    for bucket in stride(from: Int32(-10), through: 40, by: 2) {
      window.insert(bucket: bucket, revision: 1, hash: UInt64(bitPattern: Int64(bucket)))
    }
    let back = SeenWindow(lastBucket: 40, bytes: window.bytes)
    #expect(back == window)
    #expect(window.bytes.count == 32 * 8)
    for bucket in stride(from: Int32(10), through: 40, by: 2) {
      let hash = UInt64(bitPattern: Int64(bucket))
      #expect(back.verdict(bucket: bucket, revision: 1, hash: hash) == .known)
      #expect(back.verdict(bucket: bucket - 1 + 0, revision: 1, hash: 0) != .known)
    }
    #expect(back.verdict(bucket: 8, revision: 1, hash: 0) == .outdated)
    #expect(back.verdict(bucket: 8, revision: 2, hash: 0) == .fresh)
  }

  @Test("a leap over the whole window forgets it, over the range of an index as well")
  func leaps() {
    var window = SeenWindow()
    window.insert(bucket: .min, revision: 1, hash: 1)
    window.insert(bucket: .max, revision: 1, hash: 2)
    #expect(window.verdict(bucket: .max, revision: 1, hash: 2) == .known)
    #expect(window.verdict(bucket: .max - 1, revision: 1, hash: 1) == .fresh)
    #expect(window.verdict(bucket: .min, revision: 1, hash: 1) == .outdated)
  }

  @Test("a revision beyond 16 bits is not taken for a gap")
  func largeRevisions() {
    var window = SeenWindow()
    window.insert(bucket: 1, revision: .max, hash: .max)
    #expect(window.verdict(bucket: 1, revision: .max, hash: .max) == .known)
  }
}
