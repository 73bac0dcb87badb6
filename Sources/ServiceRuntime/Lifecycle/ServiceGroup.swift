internal import Locking

/// Runs services together and stops them in reverse order.
///
/// The first request to stop (SIGTERM, SIGINT or ``triggerShutdown()``) drains; a second one, or
/// the end of the time to drain, cancels. The first service that fails stops the others and its
/// error is thrown once all have ended.
public final class ServiceGroup: Sendable {
  /// How long services may drain unless said otherwise, in seconds.
  public static let drainSecondsDefault: Double = 10

  private let services: [any Service]
  private let logger: Logger
  private let drainSeconds: Double
  private let handlesSignals: Bool
  private let clock: any Clock<Duration>
  private let stops: AsyncStream<Void>
  private let stopper: AsyncStream<Void>.Continuation

  /// Gathers services; the order is the order of dependency.
  public init(
    _ services: [any Service], logger: Logger,
    drainSeconds: Double = ServiceGroup.drainSecondsDefault, handlesSignals: Bool = true,
    clock: any Clock<Duration> = ContinuousClock()
  ) {
    self.services = services
    self.logger = logger
    self.drainSeconds = drainSeconds
    self.handlesSignals = handlesSignals
    self.clock = clock
    (stops, stopper) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(8))
  }

  /// Asks all services to stop, as a first or second signal does.
  public func triggerShutdown() { stopper.yield() }

  /// Runs until all services have ended; called once.
  public func run() async throws {
    let signals = handlesSignals ? SignalListener { [stopper] in stopper.yield() } : nil
    defer { signals?.stop() }
    let outcome = await withTaskCancellationHandler {
      await withTaskGroup(of: GroupEvent.self) { group in
        var course = Course(self)
        course.begin(&group)
        while !course.isOver, let event = await group.next() {
          course.handle(event, &group)
        }
        group.cancelAll()
        return course.failure
      }
    } onCancel: {
      // Whoever cancels the group as a task wants what a second signal wants.
      stopper.yield()
      stopper.yield()
    }
    if let outcome { throw outcome }
  }

  private enum GroupEvent: Sendable {
    case started(Int)
    case startFailed(Int, any Error)
    case ended(Int, (any Error)?)
    case stopAsked
    case drainOver
    case nothing
  }

  /// Where the group stands; only the task of `run` touches it.
  private struct Course {
    typealias Group = TaskGroup<GroupEvent>

    private let owner: ServiceGroup
    private var starting: Task<Void, any Error>?
    private var running: Set<Int> = []
    private var isStopping = false
    private(set) var failure: (any Error)?

    init(_ owner: ServiceGroup) { self.owner = owner }

    var isOver: Bool { starting == nil && running.isEmpty }

    mutating func begin(_ group: inout Group) {
      waitForStop(&group)
      start(0, &group)
    }

    mutating func handle(_ event: GroupEvent, _ group: inout Group) {
      switch event {
      case .started(let index):
        starting = nil
        run(index, &group)
        if isStopping { stopLast(&group) } else { start(index + 1, &group) }
      case .startFailed(let index, let error):
        starting = nil
        if !isStopping { fail(index, error) }
        stop(&group)
      case .ended(let index, let error):
        running.remove(index)
        ended(index, error, &group)
      case .stopAsked:
        if isStopping { cancel(&group) } else { stop(&group) }
        waitForStop(&group)
      case .drainOver:
        let late = running.sorted().map { owner.services[$0].name }
        owner.logger.warning("drain ran out of time", ["services": late.joined(separator: ",")])
        failure = failure ?? ServiceGroupError(code: .drainDeadline, services: late)
        cancel(&group)
      case .nothing: break
      }
    }

    private mutating func start(_ index: Int, _ group: inout Group) {
      guard index < owner.services.count else { return }
      let service = owner.services[index]
      // A task of its own, because a stop must be able to cancel it and nothing else.
      let task = Task { try await service.start() }
      starting = task
      group.addTask {
        do {
          try await task.value
          return .started(index)
        } catch {
          return .startFailed(index, error)
        }
      }
    }

    private mutating func run(_ index: Int, _ group: inout Group) {
      running.insert(index)
      let service = owner.services[index]
      group.addTask {
        do {
          try await service.run()
          return .ended(index, nil)
        } catch {
          return .ended(index, error)
        }
      }
    }

    private mutating func ended(_ index: Int, _ error: (any Error)?, _ group: inout Group) {
      let name = owner.services[index].name
      if isStopping {
        if let error, !(error is CancellationError) { fail(index, error) }
        owner.logger.debug("service stopped", ["name": name])
        stopLast(&group)
      } else {
        fail(index, error ?? ServiceGroupError(code: .endedEarly, services: [name]))
        stop(&group)
      }
    }

    private mutating func fail(_ index: Int, _ error: any Error) {
      owner.logger.error(
        "service failed", ["name": owner.services[index].name, "error": "\(error)"])
      failure = failure ?? error
    }

    private mutating func stop(_ group: inout Group) {
      guard !isStopping else { return stopLast(&group) }
      isStopping = true
      starting?.cancel()
      owner.logger.info("drain began", ["services": "\(running.count)"])
      let (clock, limit) = (owner.clock, Duration.seconds(owner.drainSeconds))
      group.addTask {
        do {
          try await clock.sleep(for: limit)
          return .drainOver
        } catch {
          return .nothing
        }
      }
      stopLast(&group)
    }

    /// Only one service drains at a time: those below it must still answer it.
    private func stopLast(_ group: inout Group) {
      guard starting == nil, let last = running.max() else { return }
      let service = owner.services[last]
      group.addTask {
        await service.shutDown()
        return .nothing
      }
    }

    private func cancel(_ group: inout Group) {
      starting?.cancel()
      group.cancelAll()
    }

    private func waitForStop(_ group: inout Group) {
      let stops = owner.stops
      group.addTask {
        var iterator = stops.makeAsyncIterator()
        return await iterator.next() == nil ? .nothing : .stopAsked
      }
    }
  }
}
