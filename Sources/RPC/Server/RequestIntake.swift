internal import Locking
internal import Nanomsg
internal import ServiceRuntime

/// Takes requests from the transport: checks, admits, runs and answers them.
final class RequestIntake: Sendable {
  /// Contexts beyond the limit of calls, which refuse what is too much.
  static let spareContexts = 32

  /// What is asked of a caller that was refused for want of room, in milliseconds.
  static let pushBackMilliseconds = 100

  private struct State {
    var isDraining = false
    var idleActions: [@Sendable () -> Void] = []
  }

  let calls: RunningCalls
  private let handlers: [String: RPCMethodHandler]
  private let settings: RPCServerSettings
  private let state = Locked(State())
  private let durations: CallDurations?

  init(services: [RPCService], settings: RPCServerSettings) {
    self.settings = settings
    self.calls = RunningCalls(
      limit: settings.callsLimit, abandonedLimit: max(settings.callsLimit, 64))
    let health = ServerHealth(
      settings: settings, services: services.map(\.name),
      methods: services.flatMap { $0.methods.map(\.method) })
    let meta = health.rpcService
    var handlers: [String: RPCMethodHandler] = [:]
    for handler in services.flatMap(\.methods) + meta.methods {
      precondition(
        handlers.updateValue(handler, forKey: handler.method.name) == nil,
        "a method is served once: \(handler.method.name)")
    }
    self.handlers = handlers
    self.durations = settings.metrics.map { CallDurations($0, methods: handlers.keys) }
    health.attach(self)
  }

  var isDraining: Bool { state.withLock { $0.isDraining } }

  /// Refuses new calls from now on.
  func drain() {
    state.withLock { $0.isDraining = true }
  }

  /// Runs the action once no call is being answered; for a server that drains.
  func whenIdle(_ action: @escaping @Sendable () -> Void) {
    state.withLock { $0.idleActions.append(action) }
    runIdleActions()
  }

  /// Takes one request on the transport's thread.
  func take(_ message: consuming NanomsgMessage, _ ticket: NanomsgReplyTicket) {
    let started = Deadline.now.unixMicroseconds
    let opening: Opening
    do throws(RPCError) {
      opening = try open(message)
    } catch {
      refuse(error, ticket, method: nil, started)
      return
    }
    guard opening.isMeta || calls.admit() else {
      refuse(
        RPCError(.resourceExhausted, "\(settings.callsLimit) calls are being answered already")
          .asking(retryAfterMilliseconds: Self.pushBackMilliseconds),
        ticket, method: opening.handler.method, started)
      return
    }
    let call = ServerCall(
      handler: opening.handler, context: opening.context, ticket: ticket,
      isAdmitted: !opening.isMeta, request: message)
    calls.begin(call)
    Sweeper.shared.noteWork()
    run(call)
  }

  /// Starts the handler's task.
  ///
  /// A task of its own, because the transport calls back from C: nobody could await it, and a
  /// handler that is stuck must not hold up the answer at its deadline.
  private func run(_ call: ServerCall) {
    if settings.runsHandlersInline {
      call.attach(Task(executorPreference: InlineExecutor.shared) { await self.answer(call) })
    } else {
      call.attach(Task { await self.answer(call) })
    }
  }

  private func answer(_ call: ServerCall) async {
    do throws(RPCError) {
      let reply = try await call.run()
      if finish(call, isAbandoned: false) {
        durations?.record(call.handler.method, .ok, since: call.startedMicroseconds)
        call.ticket.reply(reply)
        answered()
      } else {
        calls.abandonedHandlerEnded()
      }
    } catch {
      if finish(call, isAbandoned: false) {
        log(error, call)
        refuse(error, call.ticket, method: call.handler.method, call.startedMicroseconds)
        answered()
      } else {
        calls.abandonedHandlerEnded()
      }
    }
  }

  /// Claims the answer and gives up the call's place; false when it was answered before.
  ///
  /// ``answered()`` must follow once the answer was handed over.
  private func finish(_ call: ServerCall, isAbandoned: Bool) -> Bool {
    guard call.claimAnswer() else { return false }
    calls.end(call, isAbandoned: isAbandoned)
    return true
  }

  /// Notes that an answer was handed over: a server that drains closes its socket after the last
  /// one, and an answer that is sent while it closes takes libnng down.
  private func answered() {
    calls.answered()
    if isDraining { runIdleActions() }
  }

  private func runIdleActions() {
    guard calls.isIdle else { return }
    let actions = state.withLock { state in
      defer { state.idleActions = [] }
      return state.idleActions
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
    let (overdue, anyRunning) = calls.overdue(nowMilliseconds: nowMilliseconds)
    for call in overdue where finish(call, isAbandoned: true) {
      refuse(
        RPCError(.deadlineExceeded, "the handler did not end within the deadline"), call.ticket,
        method: call.handler.method, call.startedMicroseconds)
      answered()
      call.cancel()
    }
    return anyRunning
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

  private func open(_ message: borrowing NanomsgMessage) throws(RPCError) -> Opening {
    let header = try message.withBytes { bytes throws(RPCError) in
      do throws(WireError) {
        return try RequestHeader(wire: try Frame.Parts(bytes).header)
      } catch {
        throw RPCError(request: error)
      }
    }
    guard let handler = handlers[header.method] else {
      throw RPCError(
        .unimplemented, field: "method", reason: "unknown_method",
        "this server has no method \(header.method.prefix(200))")
    }
    let context = try context(header)
    let isMeta = header.method.hasPrefix(ServerHealth.methodPrefix)
    guard isMeta || !isDraining else {
      throw RPCError(.unavailable, "the server is going away")
    }
    return Opening(handler: handler, context: context, isMeta: isMeta)
  }

  private func context(_ header: RequestHeader) throws(RPCError) -> CallContext {
    let deadline = Deadline(unixMicroseconds: header.deadlineUnixUs)
    guard deadline.unixMicroseconds > 0 else {
      throw RPCError(
        .invalidArgument, field: "deadline_unix_us", reason: "missing", "a deadline is required")
    }
    let now = Deadline.now
    guard deadline > now else {
      throw RPCError(.deadlineExceeded, "the deadline had passed when the request arrived")
    }
    var caller: String?
    if let trusted = settings.trustedCallers {
      caller = try trusted.caller(
        showing: header.callerToken, nowSeconds: now.unixMicroseconds / 1_000_000)
    }
    let parent = TraceContext(traceparent: header.traceparent, state: header.tracestate)
    return CallContext(
      method: header.method,
      requestID: header.requestID.count == 16 ? header.requestID : CallContext.makeRequestID(),
      deadline: deadline, trace: parent?.child() ?? .begin(), callerName: caller,
      metadata: LabelPair.values(header.metadata), attempt: Int(header.attempt))
  }
}
