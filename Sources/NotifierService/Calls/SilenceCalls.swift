internal import Alerting
internal import AnomalyContract
internal import Cryptography
internal import DeliveryContract
internal import Postgres
internal import RPC
internal import SeriesContract
internal import ServiceRuntime

// Silences.
extension NotifierCalls {
  func createSilence(
    _ request: CreateSilenceRequest, context: CallContext
  ) async throws(RPCError) -> CreateSilenceResponse {
    guard let wire = request.silence else {
      throw RPCError(.invalidArgument, field: "silence", reason: "missing", "silence is missing")
    }
    let now = clock()
    let wanted = try Alerting.Silence(wire, now: now, field: "silence")
    let newID = SilenceID(randomID())
    let maximum = silenceSecondsLimit
    let change = try await stored { () async throws in
      try await store.pool.transaction { connection in
        let known = try wanted.id == .none ? nil : store.silence(wanted.id, on: connection)
        if wanted.id != .none && known == nil {
          throw RPCError(
            .notFound, field: "silence.id", reason: "unknown_silence",
            "there is no silence \(wanted.id.text)")
        }
        var fresh = wanted
        fresh.id = newID
        let change: SilenceChange
        do throws(AlertingError) {
          if let known {
            change = try known.change(
              to: wanted, newID: newID, at: now, maximumSeconds: maximum)
          } else {
            try fresh.check(at: now, maximumSeconds: maximum)
            change = .replace(expired: nil, new: fresh)
          }
        } catch {
          throw RPCError(
            .invalidArgument, field: "silence", reason: "bad_silence", error.detail)
        }
        return try save(change, now: now, on: connection)
      }
    }
    var response = CreateSilenceResponse()
    response.silence = Silence(change.new, now: now)
    response.replaced = change.expired.map { Silence($0, now: now) }
    logger.info(
      "silence set",
      ["silence": change.new.id.text, "by": change.new.createdBy, "comment": change.new.comment])
    return response
  }

  private func save(
    _ change: SilenceChange, now: Int64, on connection: isolated PostgresConnection
  ) throws -> (new: Alerting.Silence, expired: Alerting.Silence?) {
    switch change {
    case .inPlace(let silence):
      try store.save(silence, on: connection)
      try store.tendLater(silence, now: now, on: connection)
      try store.wakeSilenced(by: silence.id, now: now, on: connection)
      return (silence, nil)
    case .replace(let expired, let new):
      if let expired {
        try store.save(expired, on: connection)
        try store.wakeSilenced(by: expired.id, now: now, on: connection)
      }
      try store.save(new, on: connection)
      try store.tendLater(new, now: now, on: connection)
      return (new, expired)
    }
  }

  func expireSilence(
    _ request: ExpireSilenceRequest, context: CallContext
  ) async throws(RPCError) -> ExpireSilenceResponse {
    let wire = try WireUUID(bytes: request.silenceID, field: "silence_id")
    let now = clock()
    let expired = try await stored { () async throws in
      try await store.pool.transaction { connection in
        guard var silence = try store.silence(SilenceID(wire), on: connection) else {
          throw RPCError(
            .notFound, field: "silence_id", reason: "unknown_silence",
            "there is no silence \(wire.text)")
        }
        silence.expire(at: now)
        try store.save(silence, on: connection)
        try store.wakeSilenced(by: silence.id, now: now, on: connection)
        return silence
      }
    }
    logger.info("silence ended", ["silence": expired.id.text])
    var response = ExpireSilenceResponse()
    response.silence = Silence(expired, now: now)
    return response
  }

  func listSilences(
    _ request: ListSilencesRequest, context: CallContext
  ) async throws(RPCError) -> ListSilencesResponse {
    let now = clock()
    let size = try pageSize(request.page)
    let before = try pageStart(request.page)
    let withExpired = request.withExpired
    let found = try await stored { () async throws in
      try await store.silences(
        endingBefore: before, withExpired: withExpired, limit: size + 1, now: now)
    }
    var response = ListSilencesResponse()
    response.silences = found.prefix(size).map { Silence($0, now: now) }
    if found.count > size, let last = found.prefix(size).last {
      response.nextPageToken = pageToken(last.endsAt)
    }
    return response
  }

  func previewSilence(
    _ request: PreviewSilenceRequest, context: CallContext
  ) async throws(RPCError) -> PreviewSilenceResponse {
    guard let wire = request.silence else {
      throw RPCError(.invalidArgument, field: "silence", reason: "missing", "silence is missing")
    }
    let now = clock()
    let silence = try Alerting.Silence(wire, now: now, field: "silence")
    let notices = try await stored { () async throws in
      try await store.recentNotices(since: now - 7 * 86_400_000_000)
    }
    let preview = Alerting.preview(silence, over: notices, at: now)
    var response = PreviewSilenceResponse()
    response.now = preview.now.map(\.wireBytes)
    response.pastWeek = preview.past.map(\.wireBytes)
    response.changesCovered = UInt32(clamping: preview.pastNotices)
    response.changesInAll = UInt32(clamping: preview.pastNoticesInAll)
    return response
  }
}

extension SilenceID {
  /// No silence has it: it stands for one that is to be made.
  static let none = SilenceID(high: 0, low: 0)

  init(_ id: WireUUID) { self.init(high: id.high, low: id.low) }
}
