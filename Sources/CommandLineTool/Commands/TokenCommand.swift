import GatewayService
import Postgres
import ServiceRuntime

/// Makes or ends bearer tokens of the gateway: `tidemark token create NAME`.
func manageTokens(_ context: CommandContext) async throws -> Int32 {
  let database = context.reader.secretOrFile(
    "database-url", help: "PostgreSQL with the role tidemark_gateway")
  let words = GatewayScope.allCases.map(\.rawValue)
  let scopes = context.reader.list(
    "scope", default: words, help: "what the token allows: \(words.joined(separator: ", "))")
  let days = context.reader.integer(
    "days", default: 365, in: 1...3_650, help: "how long a token is valid")
  for scope in scopes where GatewayScope(rawValue: scope) == nil {
    context.reader.refuse("scope", "\"\(scope)\" is none of \(words.joined(separator: ", "))")
  }
  try context.settingsAreRead()
  guard let database else { return 2 }
  let pool = PostgresPool(
    configuration: PostgresConfiguration(
      url: database.secret, applicationName: "tidemark token"), size: 1)
  let tokens = GatewayTokens(pool: pool)
  do {
    let code = try await manage(
      tokens, context, scopes: Set(scopes.compactMap { GatewayScope(rawValue: $0) }), days: days)
    await pool.close()
    return code
  } catch {
    await pool.close()
    throw error
  }
}

private func manage(
  _ tokens: GatewayTokens, _ context: CommandContext, scopes: Set<GatewayScope>, days: Int
) async throws -> Int32 {
  switch context.positions[0] {
  case "create":
    let made = try await tokens.create(
      name: context.positions[1], scopes: scopes, lifetimeSeconds: Int64(days) * 86_400)
    context.terminal.note("token \(made.id), shown this once:")
    context.terminal.line(made.token.secret)
    return 0
  case "revoke":
    let isEnded = try await tokens.revoke(id: context.positions[1])
    context.terminal.line(isEnded ? "ended" : "there is no valid token of that id")
    return isEnded ? 0 : 1
  default:
    throw UsageError("the works on tokens are create and revoke", context.command.usage)
  }
}
