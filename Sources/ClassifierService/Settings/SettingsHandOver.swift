internal import EvidenceContract
internal import RPC
internal import ServiceRuntime
internal import WorkQueue

/// Hands the settings over to baseline, which sends them to judgement with the evidence.
///
/// All that holds goes at once with the number of the last change, and baseline drops an earlier
/// one, so neither order nor repeats matter. Where baseline knows a later change than there is here,
/// or another one of the same number, this database was put back to an earlier day: what it holds now
/// is what people see and change, so it goes over once more under a number of its own.
struct SettingsHandOver: Sendable {
  /// The kind of the jobs.
  static let jobKind = "settings"

  /// The job of any change: whichever runs takes the newest.
  static let job = NewJob(kind: jobKind, key: "newest")

  /// How long baseline may take.
  static let timeoutMilliseconds = 10_000

  /// How long a person who sets something waits for baseline, before the job alone goes on.
  static let patienceMilliseconds = 2_000

  let table: SettingsTable
  /// Nil where no address of baseline is known.
  let baseline: BaselineClient?
  let logger: Logger

  /// Does one job.
  func handle(_ job: ClaimedJob) async throws -> WorkOutcome {
    guard baseline != nil else {
      return .postponed(reason: "no address of baseline is configured", afterSeconds: 300)
    }
    do {
      try await deliver(timeoutMilliseconds: Self.timeoutMilliseconds)
      return .finished
    } catch let error as RPCError {
      switch error.code {
      case .unavailable, .deadlineExceeded, .resourceExhausted, .cancelled, .aborted,
        .unimplemented:
        // An older baseline that does not know the method is upgraded one day.
        return .postponed(reason: error.description, afterSeconds: nil)
      case .invalidArgument, .outOfRange: return .poison(reason: error.description)
      default: return .failed(reason: error.description)
      }
    }
  }

  /// Hands over what holds now, where baseline has not got it.
  private func deliver(timeoutMilliseconds: Int) async throws {
    guard let baseline else { return }
    let options = CallOptions(timeoutMilliseconds: timeoutMilliseconds)
    var settings = try await table.newest()
    var held = try await Self.handOver(settings, to: baseline, options)
    if held != settings.sequence, let next = try await table.restate(settings.sequence, held: held)
    {
      logger.warning(
        "settings restored",
        [
          "had": "\(settings.sequence)", "baseline_held": "\(held ?? settings.sequence)",
          "handed_over_as": "\(next)",
        ])
      settings = try await table.newest()
      held = try await Self.handOver(settings, to: baseline, options)
    }
    try await table.markTaken(min(settings.sequence, held ?? 0))
  }

  /// - Returns: The change whose settings baseline holds then; nil where it holds others under the
  ///   same number.
  private static func handOver(
    _ settings: TakeSettingsRequest, to baseline: BaselineClient, _ options: CallOptions
  ) async throws(RPCError) -> Int64? {
    do throws(RPCError) {
      return try await baseline.takeSettings(settings, options: options).sequence
    } catch {
      guard error.details.contains(where: { $0.code == "other_settings" }) else { throw error }
      return nil
    }
  }

  /// Whether baseline has the settings of a change, which is tried at once where it has not.
  func isTaken(_ sequence: Int64) async throws -> Bool {
    if try await table.sequences().taken >= sequence { return true }
    do {
      try await deliver(timeoutMilliseconds: Self.patienceMilliseconds)
    } catch is RPCError {
      // The change is committed and its job tries again; whoever asks is told so.
      return false
    }
    return try await table.sequences().taken >= sequence
  }
}
