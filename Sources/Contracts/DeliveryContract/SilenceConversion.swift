public import Alerting
public import RPC
internal import SeriesContract

extension Alerting.Silence {
  /// Reads a silence; one without an id has zeros there.
  ///
  /// - Parameters:
  ///   - wire: The message.
  ///   - now: Microseconds since 1970; where it begins unless it says when.
  ///   - field: What errors call it.
  /// - Throws: INVALID_ARGUMENT that names the field.
  public init(_ wire: Silence, now: Int64, field: String) throws(RPCError) {
    var id = SilenceID(high: 0, low: 0)
    if !wire.id.isEmpty {
      let given = try WireUUID(bytes: wire.id, field: "\(field).id")
      id = SilenceID(high: given.high, low: given.low)
    }
    guard wire.sets.count <= Self.matcherSetsLimit else {
      throw RPCError(
        .invalidArgument, field: "\(field).sets", reason: "too_many",
        "\(field).sets has more than \(Self.matcherSetsLimit) sets of matchers")
    }
    var sets: [[Matcher]] = []
    for (place, set) in wire.sets.enumerated() {
      var matchers: [Matcher] = []
      for text in set.matchers {
        do {
          matchers.append(try Matcher(parsing: text))
        } catch {
          throw RPCError(
            .invalidArgument, field: "\(field).sets[\(place)]", reason: "bad_matcher",
            error.detail)
        }
      }
      sets.append(matchers)
    }
    self.init(
      id: id, matchers: sets, createdBy: wire.createdBy, comment: wire.comment,
      startsAt: wire.startsUnixUs == 0 ? now : wire.startsUnixUs, endsAt: wire.endsUnixUs,
      createdAt: now)
  }
}

extension Silence {
  /// Writes a silence as it is at a moment, in microseconds since 1970.
  public init(_ silence: Alerting.Silence, now: Int64) {
    self.init()
    id = WireUUID(high: silence.id.high, low: silence.id.low).bytes
    sets = silence.matchers.map { matchers in
      var set = MatcherSet()
      set.matchers = matchers.map(\.description)
      return set
    }
    createdBy = silence.createdBy
    comment = silence.comment
    startsUnixUs = silence.startsAt
    endsUnixUs = silence.endsAt
    createdUnixUs = silence.createdAt
    updatedUnixUs = silence.updatedAt
    lastMatchedUnixUs = silence.lastMatchedAt ?? 0
    state = silence.state(at: now).rawValue
  }
}
