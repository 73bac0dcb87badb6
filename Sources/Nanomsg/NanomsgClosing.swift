/// Frees handles of libnng away from libnng's own threads.
///
/// The last reference to a socket may be dropped inside one of its callbacks; freeing a handle
/// waits for its callback to end, so there it would wait for itself for ever.
func closeApart(_ body: @escaping @Sendable () -> Void) {
  startDetachedThread(body)
}

/// A handle of libnng on its way to another thread.
///
/// `@unchecked Sendable`: libnng's sockets, contexts and aio handles may be used on any thread.
struct HandleBox<Handle>: @unchecked Sendable {
  let handle: Handle
}
