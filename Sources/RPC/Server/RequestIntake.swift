internal import Locking
internal import Nanomsg
internal import ServiceRuntime
internal import Synchronization

/// Takes requests from the transport: checks, admits, runs and answers them.
final class RequestIntake: Sendable {
  /// Contexts beyond the limit of calls, which refuse what is too much.
  static let spareContexts = 32

  /// What is asked of a caller that was refused for want of room, in milliseconds.
  static let pushBackMilliseconds = 100

  let calls: CallCounts
  private let methods: MethodTable
  private let settings: RPCServerSettings
  private let lines: [CallLine]
  private let hasBegunDraining = Atomic<Bool>(false)
  private let idleActions = Locked<[@Sendable () -> Void]>([])
  private let durations: CallDurations?

  init(services: [RPCService], settings: RPCServerSettings) {
    self.settings = settings
    self.calls = CallCounts(
      limit: settings.callsLimit, abandonedLimit: max(settings.callsLimit, 64))
    self.lines = (0..<settings.callsLimit + Self.spareContexts).map { _ in CallLine() }
    let health = ServerHealth(
      settings: settings, services: services.map(\.name),
      methods: services.flatMap { $0.methods.map(\.method) })
    let methods = MethodTable(
      services.flatMap(\.methods) + health.rpcService.methods,
      metaPrefix: ServerHealth.methodPrefix)
    self.methods = methods
    self.durations = settings.metrics.map { CallDurations($0, methods: methods.names) }
    health.attach(self)
  }

  /// How many requests may be taken from the transport at once.
  var contextsCount: Int { lines.count }

  var isDraining: Bool { hasBegunDraining.load(ordering: .sequentiallyConsistent) }

  /// Refuses new calls from now on.
  func drain() {
    hasBegunDraining.store(true, ordering: .sequentiallyConsistent)
  }

  /// Ends the tasks that wait for calls; for a server that closes.
  func close() {
    drain()
    for line in lines { line.close() }
  }

  /// Runs the action once no call is being answered; for a server that drains.
  func whenIdle(_ action: @escaping @Sendable () -> Void) {
    idleActions.withLock { $0.append(action) }
    runIdleActions()
  }

  /// Takes one request on the transport's thread.
  func take(_ message: consuming NanomsgMessage, _ ticket: NanomsgReplyTicket) {
    let now = Deadline.now
    let started = now.unixMicroseconds
    let opening: Opening
    do throws(RPCError) {
      opening = try open(message, now)
    } catch {
      refuse(error, ticket, method: nil, started)
      return
    }
    guard calls.begin(isMeta: opening.isMeta) else {
      refuse(
        RPCError(.resourceExhausted, "\(settings.callsLimit) calls are being answered already")
          .asking(retryAfterMilliseconds: Self.pushBackMilliseconds),
        ticket, method: opening.handler.method, started)
      return
    }
    // Asked after the call was counted: so either it is refused here, or the drain waits for it.
    guard opening.isMeta || !isDraining else {
      calls.leavePlace(isMeta: false)
      refuse(
        RPCError(.unavailable, "the server is going away"), ticket, method: opening.handler.method,
        started)
      answered()
      return
    }
    let line = lines[ticket.contextIndex]
    let call = ServerCall(
      handler: opening.handler, context: opening.context, ticket: ticket, isMeta: opening.isMeta,
      startedMicroseconds: started, request: message)
    if case .startTask(let shift) = line.take(call) { startTask(of: line, shift) }
    Sweeper.shared.noteWork()
  }

  /// Starts the task that serves a line.
  ///
  /// A task of its own, because the transport calls back from C: nobody could await it, and a
  /// handler that is stuck must not hold up the answer at its deadline.
  private func startTask(of line: CallLine, _ shift: Int) {
    let task =
      if settings.runsHandlersInline {
        Task(executorPreference: InlineExecutor.shared) { await self.serve(line, shift) }
      } else {
        Task { await self.serve(line, shift) }
      }
    line.attach(task, shift: shift)
  }

  private func serve(_ line: CallLine, _ shift: Int) async {
    while let call = await line.next(shift: shift) {
      await answer(call, in: line)
    }
  }

  private func answer(_ call: ServerCall, in line: CallLine) async {
    do throws(RPCError) {
      let reply = try await call.run()
      guard claim(call, in: line) else { return }
      durations?.record(call.handler.method, .ok, since: call.startedMicroseconds)
      call.ticket.reply(reply)
    } catch {
      guard claim(call, in: line) else { return }
      log(error, call)
      refuse(error, call.ticket, method: call.handler.method, call.startedMicroseconds)
    }
    answered()
  }

  /// Claims the right to answer for the call's handler; false when it was answered at its deadline.
  private func claim(_ call: ServerCall, in line: CallLine) -> Bool {
    guard line.claim(call) else {
      calls.abandonedHandlerEnded()
      return false
    }
    calls.leavePlace(isMeta: call.isMeta)
    return true
  }

  /// Notes that an answer was handed over: a server that drains closes its socket after the last.
  private func answered() {
    calls.answered()
    if isDraining { runIdleActions() }
  }

  private func runIdleActions() {
    guard calls.isIdle else { return }
    let actions = idleActions.withLock { actions in
      defer { actions = [] }
      return actions
    }
    actions.forEach { $0() }
  }

  private func refuse(
    _ error: RPCError, _ ticket: NanomsgReplyTicket, method: RPCMethod?, _ started: Int64
  ) {
    durations?.record(method, error.code, since: started)
    do throws(WireError) {
      ticket.reply(try Frame.message(header: ResponseHeader(error)))
    } catch {
      // Details beyond the header's limit, or with zero bytes: the status alone still tells.
      answerPlainly(ticket)
    }
  }

  private func answerPlainly(_ ticket: NanomsgReplyTicket) {
    do throws(WireError) {
      let error = RPCError(.internal, "the answer's details cannot be written")
      ticket.reply(try Frame.message(header: ResponseHeader(error)))
    } catch {
      // Only for want of memory; the caller runs into its deadline.
      ticket.drop()
    }
  }

  private func log(_ error: RPCError, _ call: ServerCall) {
    guard error.code == .internal || error.code == .unknown || error.code == .dataLoss else {
      return
    }
    settings.logger?.error(
      "call failed",
      [
        "method": call.handler.method.name, "status": error.code.name, "error": error.message,
        "request": call.context.requestIDText, "trace": call.context.trace.traceID,
      ])
  }
}

extension RequestIntake: Sweepable {
  /// Answers the calls whose deadline has passed, and asks their handlers to stop.
  func sweep(nowMilliseconds: UInt64) -> Bool {
    guard !calls.isIdle else { return false }
    for line in lines {
      guard let overdue = line.claimOverdue(nowMilliseconds: nowMilliseconds) else { continue }
      let call = overdue.call
      if overdue.hasBegun { calls.handlerAbandoned() }
      calls.leavePlace(isMeta: call.isMeta)
      refuse(
        ServerCall.overdue, call.ticket, method: call.handler.method, call.startedMicroseconds)
      overdue.task?.cancel()
      answered()
    }
    return true
  }
}

// MARK: Opening a request

extension RequestIntake {
  /// A request whose header was read and found good.
  struct Opening {
    let handler: RPCMethodHandler
    let context: CallContext
    let isMeta: Bool
  }

  private func open(
    _ message: borrowing NanomsgMessage, _ now: Deadline
  ) throws(RPCError) -> Opening {
    let opening = try message.withBytes { bytes throws(RPCError) in
      do throws(WireError) {
        return try RequestHeader.wireLayout.read(try Frame.Parts(bytes).header) { source in
          Result { () throws(RPCError) in try open(BorrowedRequestHeader(source), now) }
        }
      } catch {
        throw RPCError(request: error)
      }
    }
    return try opening.get()
  }

  private func open(
    _ header: BorrowedRequestHeader, _ now: Deadline
  ) throws(RPCError) -> Opening {
    guard let entry = methods.entry(named: header.methodName) else {
      let name = header.methodName.map { String(cString: $0) } ?? ""
      throw RPCError(
        .unimplemented, field: "method", reason: "unknown_method",
        "this server has no method \(name.prefix(200))")
    }
    let deadline = header.deadline
    guard deadline.unixMicroseconds > 0 else {
      throw RPCError(
        .invalidArgument, field: "deadline_unix_us", reason: "missing", "a deadline is required")
    }
    guard deadline > now else {
      throw RPCError(.deadlineExceeded, "the deadline had passed when the request arrived")
    }
    var caller: String?
    if let trusted = settings.trustedCallers {
      caller = try trusted.caller(
        showing: header.callerToken, nowSeconds: now.unixMicroseconds / 1_000_000)
    }
    let context = CallContext(
      method: entry.handler.method.name, requestID: header.requestID ?? RequestID(),
      deadline: deadline, trace: header.trace?.child() ?? .begin(), callerName: caller,
      metadata: header.metadata, attempt: header.attempt)
    return Opening(handler: entry.handler, context: context, isMeta: entry.isMeta)
  }
}
