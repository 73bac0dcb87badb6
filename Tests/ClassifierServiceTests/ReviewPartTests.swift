import Detection
import FindingsContract
import Postgres
import RPC
import SeriesModel
import TestSupport
import Testing

@testable import Classification
@testable import ClassifierService

@Suite("Reviews in parts", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(1)))
struct ReviewPartTests {
  private static let id = PostgresUUID(high: 0x8000, low: 1 << 63)
  private static let last = World.day + 3

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

  /// The end of a review of all customers' days.
  private func wholeWish() -> ReviewWish {
    ReviewWish(
      id: Self.id, granularity: .day, through: Self.last, revision: 2, notifiesHistory: false,
      customers: Dictionary(
        uniqueKeysWithValues: World().customers.map {
          ($0.id, ReviewWish.Part(from: World.day, cause: .correction, detail: ""))
        }), cohorts: nil, batches: 4)
  }

  /// All three fall for three days, and none has fallen when they are judged again.
  private func openWhole(_ laboratory: Laboratory) async throws {
    for day in World.day...Self.last {
      let value = day == World.day ? 100.0 : 20
      _ = try await laboratory.store.classify(World().batch(day: day, [value, value, value]))
    }
    _ = try await laboratory.store.openReview(
      Self.id, .day, changes: World().customers.map { (customer: $0.id, first: World.day) })
    for day in World.day...Self.last {
      try await keep(World().batch(day: day, [100, 100, 100], revision: 2), laboratory)
    }
  }

  private func storeOfSmallParts(_ laboratory: Laboratory) -> ClassifierStore {
    ClassifierStore(
      pool: laboratory.pool, rules: laboratory.store.rules, reviewPartSeries: 1,
      now: laboratory.store.now)
  }

  @Test("customers are taken over few at a time, and one that dies between goes on there")
  func parts() async throws {
    try await Laboratory.with { laboratory in
      try await openWhole(laboratory)
      #expect(try await laboratory.all().count == 3)
      _ = try await laboratory.pool.query(
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN RAISE EXCEPTION ''refused''; END'
        """)
      _ = try await laboratory.pool.query(
        """
        CREATE TRIGGER refuse BEFORE UPDATE OF taken_through ON review FOR EACH ROW
          WHEN (OLD.taken_through IS NOT NULL) EXECUTE FUNCTION refuse()
        """)
      let store = storeOfSmallParts(laboratory)
      await #expect(throws: PostgresError.self) { _ = try await store.closeReview(wholeWish()) }
      // One customer is through as a whole, and the others are as they were.
      #expect(try await laboratory.all().filter { $0.state == .withdrawn }.count == 1)
      // Nothing is added once it is being closed.
      #expect(
        try await code {
          try await keep(World().batch(day: World.day, [20], revision: 2), laboratory)
        } == .unknownReview)
      _ = try await laboratory.pool.query("DROP TRIGGER refuse ON review")
      #expect(try await store.closeReview(wholeWish()).withdrawn == 2)
      #expect(try await laboratory.all().filter { $0.state == .withdrawn }.count == 3)
      // A transaction each, none of which was run twice.
      let writers = try await laboratory.pool.query(
        """
        SELECT count(DISTINCT xmin::text), count(DISTINCT (anomaly_id, revision)), count(*)
        FROM anomaly_revision WHERE kind = 5
        """
      ).single
      #expect([writers.int(0), writers.int(1), writers.int(2)] == [3, 3, 3])
      #expect(
        try await laboratory.pool.query("SELECT count(*) FROM review_batch").single.int(0) == 0)
    }
  }

  @Test("what a person says while a review is worked out stands when it is taken over")
  func words() async throws {
    try await Laboratory.with { laboratory in
      try await openWhole(laboratory)
      let store = storeOfSmallParts(laboratory)
      let wish = wholeWish()
      let closing = try #require(
        try await laboratory.pool.transaction { connection in
          try ReviewTable.beginClosing(wish.id, batches: wish.batches, on: connection)
        })
      let takeover = ReviewTakeover(
        store: store, wish: wish, review: closing, nowUnixMicroseconds: laboratory.clock.now)
      let ahead = try await takeover.workOut()
      let parts = takeover.parts(ahead)
      #expect(parts == World().customers.map { [$0.id] })
      let taken = try #require(
        try await laboratory.all().first { $0.customer.id == parts[1][0] })
      _ = try await store.transition(
        TransitionWish(anomaly: taken.id, verb: .acknowledge, actorName: "Ada"))
      for part in parts { _ = try await takeover.take(part, ahead) }
      // What somebody has taken on is ended, not withdrawn.
      let states = try await laboratory.all().sorted { $0.customer.id < $1.customer.id }
        .map(\.state)
      #expect(states == [.withdrawn, .resolved, .withdrawn])
    }
  }

  @Test("one that is begun again between two parts takes over no more of the first")
  func begunAgainBetween() async throws {
    try await Laboratory.with { laboratory in
      try await openWhole(laboratory)
      let wish = wholeWish()
      let closing = try #require(
        try await laboratory.pool.transaction { connection in
          try ReviewTable.beginClosing(wish.id, batches: wish.batches, on: connection)
        })
      let takeover = ReviewTakeover(
        store: storeOfSmallParts(laboratory), wish: wish, review: closing,
        nowUnixMicroseconds: laboratory.clock.now)
      let ahead = try await takeover.workOut()
      let parts = takeover.parts(ahead)
      #expect(try await takeover.take(parts[0], ahead).withdrawn == 1)
      try await openWhole(laboratory)
      #expect(
        try await code { _ = try await takeover.take(parts[1], ahead) } == .unknownReview)
      // The second one comes to its end, and tells nothing of the first customer once more.
      #expect(try await laboratory.store.closeReview(wish).withdrawn == 2)
    }
  }
}
