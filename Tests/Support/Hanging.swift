/// Waits for nothing until the task is cancelled, as work does that would never end by itself.
///
/// A long sleep would stand for the same, and end by itself on a day when the cancel is lost.
public func hangUntilCancelled() async {
  let (nothing, sayer) = AsyncStream<Void>.makeStream()
  for await _ in nothing {}
  // Kept until here: a stream that nobody can write to any more may end.
  sayer.finish()
}
