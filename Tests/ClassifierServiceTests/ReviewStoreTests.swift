import AnomalyContract
import Detection
import FindingsContract
import Postgres
import RPC
import SeriesContract
import SeriesModel
import TestSupport
import Testing

@testable import Classification
@testable import ClassifierService

@Suite("Reviews at rest", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(1)))
struct ReviewStoreTests {
  private static let id = PostgresUUID(high: 0x8000, low: 1 << 63)
  private static let last = World.day + 3

  /// The end of a review of the first customer's days.
  private func wish(batches: Int, revision: UInt32 = 2) -> ReviewWish {
    ReviewWish(
      id: Self.id, granularity: .day, through: Self.last, revision: revision,
      notifiesHistory: false,
      customers: [
        World().customers[0].id: ReviewWish.Part(
          from: World.day, cause: .correction, detail: "")
      ], cohorts: nil, batches: batches)
  }

  /// What one customer's days come to, judged again.
  private func batch(_ day: Int32, _ value: Double, revision: UInt32 = 2) throws -> JudgedBatch {
    var world = World()
    world.customers = [world.customers[0]]
    return try world.batch(day: day, [value], revision: revision)
  }

  private func open(_ laboratory: Laboratory) async throws {
    let from = try await laboratory.store.openReview(
      Self.id, .day, changes: [(customer: World().customers[0].id, first: World.day)])
    #expect(from == [World.day])
  }

  private func keep(_ batch: JudgedBatch, _ laboratory: Laboratory) async throws {
    try await laboratory.store.keep(
      batch, try FindingsContract.FindingsBatch(batch.findings).wireBytes(), of: Self.id)
  }

  private func code(
    _ body: () async throws -> Void
  ) async throws -> ClassifierError.Code? {
    do {
      try await body()
      return nil
    } catch let error as ClassifierError {
      return error.code
    }
  }

  @Test("one that somebody else has begun again is not taken over by halves")
  func begunAgain() async throws {
    try await Laboratory.with { laboratory in
      try await laboratory.judge([100, 20, 20, 20])
      let before = try await laboratory.contents()
      try await open(laboratory)
      for day in World.day...Self.last { try await keep(batch(day, 100), laboratory) }
      // Another worker takes the first one for dead, and has come to the second day.
      try await open(laboratory)
      for day in World.day...World.day + 1 { try await keep(batch(day, 100), laboratory) }
      #expect(
        try await code { _ = try await laboratory.store.closeReview(wish(batches: 4)) }
          == .unknownReview)
      #expect(try await laboratory.contents() == before)
      for day in World.day + 2...Self.last { try await keep(batch(day, 100), laboratory) }
      #expect(try await laboratory.store.closeReview(wish(batches: 4)).withdrawn == 1)
      // The first one comes to its end after all.
      let after = try await laboratory.contents()
      #expect(try await laboratory.store.closeReview(wish(batches: 4)) == ReviewSummary())
      #expect(try await laboratory.contents() == after)
    }
  }

  @Test("what has lasted for longer than a review reaches is cut, and the review still closes")
  func reach() async throws {
    try await Laboratory.with { laboratory in
      // Judged by hand on two days that lie further apart than a review reaches back.
      try await laboratory.judge([20], from: World.day - 10_001)
      let customer = World().customers[0].id
      for (first, from) in [
        (World.day - 1, World.day - 10_001), (World.day, World.day),
      ] {
        let starts = try await laboratory.store.openReview(
          Self.id, .day, changes: [(customer: customer, first: first)])
        #expect(starts == [from])
      }
      for day in World.day...Self.last { try await keep(batch(day, 100), laboratory) }
      _ = try await laboratory.store.closeReview(wish(batches: 4))
    }
  }

  @Test("one of more batches than are read at once is taken over whole")
  func pages() async throws {
    try await Laboratory.with { laboratory in
      let days = World.day...World.day + 40
      for day in days { _ = try await laboratory.store.classify(batch(day, 100, revision: 1)) }
      try await open(laboratory)
      for day in days { try await keep(batch(day, day == days.upperBound ? 20 : 100), laboratory) }
      var wish = wish(batches: days.count)
      wish.through = days.upperBound
      #expect(try await laboratory.store.closeReview(wish).opened == 1)
      let anomaly = try #require(try await laboratory.all().first)
      #expect(anomaly.startBucket == days.upperBound)
      #expect(
        try await laboratory.pool.query("SELECT count(*) FROM review_batch").single.int(0) == 0)
    }
  }

  @Test("a batch that is of something else is refused, and nothing is changed")
  func strangers() async throws {
    try await Laboratory.with { laboratory in
      try await laboratory.judge([100, 20, 20, 20])
      let before = try await laboratory.contents()
      let strangers = [
        try batch(Self.last, 100, revision: 3), try batch(Self.last + 1, 100),
        try batch(World.day - 1, 100), try World().batch(day: Self.last, [100], revision: 2),
      ]
      for stranger in strangers {
        try await open(laboratory)
        try await keep(stranger, laboratory)
        #expect(
          try await code { _ = try await laboratory.store.closeReview(wish(batches: 1)) }
            == .badRequest)
        #expect(try await laboratory.contents() == before)
      }
    }
  }

  @Test("a customer that stands twice, and a part of a review that goes astray, are named")
  func wire() async throws {
    try await Laboratory.with { laboratory in
      try await House.with(laboratory) { house in
        var request = CloseReviewRequest()
        request.reviewID = WireUUID(high: Self.id.high, low: Self.id.low).bytes
        request.granularity = .day
        var customer = ReviewedCustomer()
        customer.customerID = World().customers[0].id.wireUUID.bytes
        customer.cause = .correction
        request.customers = [customer, customer]
        let twice = await #expect(throws: RPCError.self) {
          _ = try await house.client.closeReview(request)
        }
        #expect(twice?.details.first?.field == "customers[1].customer_id")
        var astray = ClassifyRequest()
        astray.findings = FindingsContract.FindingsBatch(try batch(World.day, 20).findings)
        astray.reviewID = request.reviewID
        let error = await #expect(throws: RPCError.self) {
          _ = try await house.client.classify(astray)
        }
        #expect(error?.details.first?.field == "review_id")
        #expect(try await laboratory.all().isEmpty)
        // And none is kept for a review that nobody has begun.
        let early = await #expect(throws: RPCError.self) {
          _ = try await house.client.keepForReview(astray)
        }
        #expect(early?.code == .aborted)
      }
    }
  }
}
