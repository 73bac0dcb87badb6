import Glibc
import ServiceRuntime

/// Shows six services at work on real data: `tidemark demo [airlines|retail]`.
///
/// The process becomes the demo's driver, so that Ctrl-C reaches it and nothing stands between.
func demo(_ context: CommandContext) async throws -> Int32 {
  let isOnce = context.reader.boolean("once", help: "end by itself instead of by Ctrl-C")
  try context.settingsAreRead()
  let data = context.position(0) ?? "airlines"
  guard ["airlines", "retail"].contains(data) else {
    throw UsageError("the demo's data is airlines or retail", context.command.usage)
  }
  let (python, driver) = (".tidemark/venv/bin/python", "demo/run.py")
  guard SmallFiles.exists(python), SmallFiles.exists(driver) else {
    throw CommandError(
      "the demo runs in a checkout that has been prepared: run `make demo DATA=\(data)` there")
  }
  let program = try SmallFiles.absolute("/proc/self/exe")
  let folder = program.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
  var words = [python, driver, "--data", data, "--binaries", folder]
  if isOnce { words.append("--once") }
  var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
  arguments.append(nil)
  defer { for argument in arguments { free(argument) } }
  execv(python, &arguments)
  throw CommandError("\(python): \(String(cString: strerror(errno)))")
}
