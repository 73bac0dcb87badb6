/// Closes handles of libnng away from libnng's own threads.
///
/// A socket may be closed, or its last reference dropped, by a task that runs inside one of its
/// callbacks; closing waits for callbacks to end, so there it would wait for itself for ever.
func closeApart(_ body: @escaping @Sendable () -> Void) {
  startDetachedThread(body)
}

/// A handle of libnng on its way to another thread.
///
/// `@unchecked Sendable`: libnng's sockets, contexts and aio handles may be used on any thread.
struct HandleBox<Handle>: @unchecked Sendable {
  let handle: Handle
}
