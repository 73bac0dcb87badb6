import AnomalyContract
import DeliveryContract
import Egress
import Integration
import JSON
import Locking
import Postgres
import RPC
import SeriesContract
import TestSupport
import Testing
import WorkQueue

@testable import NotifierService

@Suite(
  "Notifications by PagerDuty", .enabled(if: TestDatabase.isAvailable),
  .timeLimit(.minutes(3)))
struct PagerDutyTests {
  @Test func `a trigger and its resolve open and close one incident`() async throws {
    let pager = try await FakePagerDuty(["--key", Bench.key])
    defer { pager.stop() }
    try await Bench.with(.to(.pager(port: pager.program.port))) { bench in
      let response = try await bench.submit()
      #expect(response.receivers == ["pager"])
      #expect(!response.alreadyKnown)
      try await bench.workToTheEnd()
      try await bench.submit(2, kind: .resolved) { $0.state = .resolved }
      try await bench.workToTheEnd()
      let events = try pager.events()
      #expect(events.map(\.effect) == ["opened", "resolved"])
      let trigger = try #require(events.first?.event)
      let payload = try #require(trigger["payload"])
      #expect(
        payload["summary"]?.stringValue
          == "[Critical] DataFlow Systems: 67% drop in API calls")
      #expect(payload["source"]?.stringValue == "c-81")
      #expect(payload["severity"]?.stringValue == "critical")
      #expect(payload["timestamp"]?.stringValue == "2013-02-08T14:00:00.000Z")
      #expect(
        payload["custom_details"]?["Baseline -> Actual"]?.stringValue
          == "45,000/day -> 15,000/day")
      let key = try #require(trigger["dedup_key"]?.stringValue)
      #expect(key.hasPrefix("tm1:") && key.utf8.count == 68)
      #expect(events.last?.event["dedup_key"]?.stringValue == key)
      let log = try await bench.deliveries()
      #expect(log.map(\.state) == [.sent, .sent])
      #expect(log.flatMap(\.attempts).map(\.answer) == ["202", "202"])
      #expect(log.map(\.deduplicationKey) == [key, key])
      #expect(log.first?.customer == "c-81")
    }
  }

  @Test func `a change that is handed over twice is told once`() async throws {
    let pager = try await FakePagerDuty()
    defer { pager.stop() }
    try await Bench.with(.to(.pager(port: pager.program.port))) { bench in
      try await bench.submit()
      let again = try await bench.submit()
      #expect(again.alreadyKnown)
      #expect(again.receivers == ["pager"])
      try await bench.workToTheEnd()
      #expect(try await bench.submit().alreadyKnown)
      #expect(try await bench.work() == 0)
      #expect(try pager.events().count == 1)
      #expect(try await bench.deliveries().count == 1)
    }
  }

  @Test func `what PagerDuty finds wrong is final and the log says what it said`() async throws {
    let pager = try await FakePagerDuty(["--key", "ffffffffffffffffffffffffffffffff"])
    defer { pager.stop() }
    try await Bench.with(.to(.pager(port: pager.program.port))) { bench in
      try await bench.submit()
      try await bench.workToTheEnd()
      let log = try await bench.deliveries()
      #expect(log.map(\.state) == [.undeliverable])
      #expect(log.first?.reason.contains("'routing_key' is not known") == true)
      #expect(log.first?.attempts.count == 1)
      #expect(log.first?.attempts.first?.final == true)
      // Its end is not told either: nobody heard of the beginning.
      try await bench.submit(2, kind: .resolved)
      try await bench.workToTheEnd()
      let last = try #require(try await bench.deliveries().last)
      #expect(last.state == .skipped)
      #expect(last.reason == "nothing was sent that could be resolved")
    }
  }

  @Test func `429 and 5xx are tried again under the same key`() async throws {
    let pager = try await FakePagerDuty()
    defer { pager.stop() }
    try await pager.answer([["status": 500], ["status": 429], ["accept-then": 503]])
    try await Bench.with(.to(.pager(port: pager.program.port))) { bench in
      try await bench.submit()
      try await bench.workToTheEnd()
      let log = try await bench.deliveries()
      #expect(log.map(\.state) == [.sent])
      #expect(log.first?.attempts.map(\.answer) == ["500", "429", "503", "202"])
      #expect(log.first?.attempts.map(\.attempt) == [1, 2, 3, 4])
      // The one that was taken though it was said otherwise is the same incident.
      let events = try pager.events()
      #expect(events.map(\.effect) == ["opened", "updated"])
      #expect(Set(events.map { $0.event["dedup_key"]?.stringValue }).count == 1)
    }
  }

  @Test func `Retry-After is waited for`() async throws {
    let pager = try await FakePagerDuty()
    defer { pager.stop() }
    try await pager.answer([["status": 429, "retry-after": 60]])
    try await Bench.with(.to(.pager(port: pager.program.port))) { bench in
      try await bench.submit()
      #expect(try await bench.work() == 1)
      #expect(try await bench.work() == 0)
      let rows = try await bench.core.pool.query(
        """
        SELECT due_at > now() + interval '50 seconds' FROM work_job WHERE kind LIKE 'deliver/%'
        """)
      #expect(rows.map { $0.bool(0) } == [true])
    }
  }

  @Test(arguments: ["timeout", "connect"])
  func `an endpoint that hangs or is closed is tried again and then given up`(
    failure: String
  ) async throws {
    let pager = try await FakePagerDuty()
    let closed = try ReservedPort()
    defer {
      pager.stop()
      closed.free()
    }
    let hang: JSONValue = ["hang": true, "seconds": 30]
    try await pager.answer(.array(Array(repeating: hang, count: 10)))
    let port = failure == "timeout" ? pager.program.port : closed.port
    let retry = RetrySettings(firstSeconds: 0.01, giveUpSeconds: 1)
    try await Bench.with(.to(.pager(port: port)), retry: retry, sendSeconds: 0.2) { bench in
      try await bench.submit()
      #expect(try await bench.work(limit: 1) == 1)
      #expect(try await bench.deliveries().map(\.state) == [.queued])
      bench.now.withLock { $0 += 2_000_000 }
      try await bench.workToTheEnd()
      let log = try await bench.deliveries()
      #expect(log.map(\.state) == [.undeliverable])
      let answers = log.first?.attempts.map(\.answer) ?? []
      let hasAll = answers.count == 2 && answers.allSatisfy { answer in answer.contains(failure) }
      #expect(hasAll, "\(answers)")
      #expect(log.first?.reason.contains(failure) == true)
    }
  }

  @Test func `what may have arrived is resolved, what cannot have arrived is not`() async throws {
    let pager = try await FakePagerDuty()
    defer { pager.stop() }
    let retry = RetrySettings(firstSeconds: 0.01, giveUpSeconds: 1)
    for (place, (answer, state)) in [
      (["accept-then": 500] as JSONValue, DeliveryState.sent), (["status": 429], .skipped),
    ].enumerated() {
      try await pager.answer([answer, ["status": 429]])
      try await Bench.with(.to(.pager(port: pager.program.port)), retry: retry) { bench in
        let anomaly = UInt8(place + 10)
        try await bench.submit(anomaly: anomaly)
        #expect(try await bench.work(limit: 1) == 1)
        bench.now.withLock { $0 += 2_000_000 }
        try await bench.workToTheEnd()
        #expect(try await bench.deliveries().last?.state == .undeliverable)
        try await bench.submit(2, kind: .resolved, anomaly: anomaly)
        try await bench.workToTheEnd()
        #expect(try await bench.deliveries().last?.state == state)
      }
    }
    #expect(try pager.events().map(\.effect) == ["opened", "resolved"])
  }

  @Test func `what is over before it was told wakes nobody`() async throws {
    let pager = try await FakePagerDuty()
    defer { pager.stop() }
    try await Bench.with(.to(.pager(port: pager.program.port))) { bench in
      try await bench.submit()
      try await bench.submit(2, kind: .resolved)
      try await bench.workToTheEnd()
      let log = try await bench.deliveries()
      #expect(log.map(\.state) == [.skipped, .skipped])
      #expect(log.first?.reason == "overtaken by a newer change")
      #expect(try pager.events().isEmpty)
    }
  }

  @Test func `an incident is resolved with the key that opened it, after a rotation`() async throws
  {
    let pager = try await FakePagerDuty()
    defer { pager.stop() }
    let newKey = String(repeating: "b", count: 32)
    try await TestDatabase.with { database in
      let before = try Bench(database, .to(.pager(port: pager.program.port)))
      try await before.core.migrate()
      try await before.submit()
      try await before.submit(anomaly: 2)
      try await before.workToTheEnd()
      await before.core.close()
      let rotated = try Bench(
        database, .to(.pager(port: pager.program.port, key: newKey, previous: [Bench.key])))
      try await rotated.submit(2, kind: .resolved)
      try await rotated.workToTheEnd()
      await rotated.core.close()
      let forgotten = try Bench(database, .to(.pager(port: pager.program.port, key: newKey)))
      try await forgotten.submit(2, kind: .resolved, anomaly: 2)
      try await forgotten.workToTheEnd()
      let last = try #require(try await forgotten.deliveries().last)
      #expect(last.state == .undeliverable)
      #expect(last.reason.contains("routing key"))
      await forgotten.core.close()
    }
    let events = try pager.events()
    #expect(events.map(\.effect) == ["opened", "opened", "resolved"])
    #expect(events.last?.event["routing_key"]?.stringValue == Bench.key)
  }

  @Test func `a process that ends between sending and noting sends the same again`() async throws {
    let pager = try await FakePagerDuty()
    defer { pager.stop() }
    try await TestDatabase.with { database in
      let first = try Bench(database, .to(.pager(port: pager.program.port)))
      try await first.core.migrate()
      try await first.submit()
      // The job is claimed and its message sent; then the process is gone, and nothing is noted.
      let worker = try #require(try await first.core.workers().first)
      let job = try #require(
        try await first.core.queue.claim(
          kinds: [worker.receiver.jobKind], limit: 1, leaseSeconds: 0.01
        ).first)
      let id = try #require(WireUUID(text: job.key))
      guard
        case .send(let message, _) = try await first.core.store.begin(id, job: job, now: 1)
      else {
        Issue.record("nothing to send")
        return
      }
      _ = await worker.channel.send(message, now: 0)
      await first.core.close()
      let second = try Bench(database, .to(.pager(port: pager.program.port)))
      try await second.workToTheEnd()
      let log = try await second.deliveries()
      #expect(log.map(\.state) == [.sent])
      #expect(log.first?.attempts.map(\.answer) == ["(no answer noted)", "202"])
      await second.core.close()
    }
    let events = try pager.events()
    #expect(events.map(\.effect) == ["opened", "updated"])
    #expect(events.first?.event == events.last?.event)
  }

  @Test func `the limit a minute spreads events and loses none`() async throws {
    let pager = try await FakePagerDuty()
    defer { pager.stop() }
    let routes = try Routes.to(.pager(port: pager.program.port, perMinute: 600))
    try await Bench.with(routes) { bench in
      // A burst of 120 is let through, the rest at 10 a second.
      for number in 0..<125 { try await bench.submit(anomaly: UInt8(number)) }
      let workers = try await bench.core.workers()
      let jobs = try await bench.core.queue.claim(
        kinds: workers.map(\.receiver.jobKind), limit: 125, leaseSeconds: 30)
      var waits: [Double] = []
      for job in jobs {
        guard
          case .postponed(reason: _, afterSeconds: let seconds?) = try await workers[0].handle(job)
        else { continue }
        waits.append(seconds)
      }
      #expect(try pager.events().count == 120)
      #expect(waits.count == 5)
      let isSpread = waits.allSatisfy { wait in wait > 0 && wait <= 0.5001 }
      #expect(isSpread)
      #expect(Set(waits).count == 5)
    }
  }
}
