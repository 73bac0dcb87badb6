/// Every subcommand of `tidemark`, in the order of the help.
enum CommandTable {
  /// The table.
  static let commands: [Command] = [
    Command(
      "up",
      summary: "Runs all six services in this process, with a PostgreSQL of its own.",
      run: up),
    Command(
      "demo", ["[airlines|retail]"], switches: ["once"],
      summary: "Shows six services at work on real data; `make demo` prepares it.",
      run: demo),
    Command(
      "import", ["FILE"], switches: ["insecure-plaintext"], isClient: true,
      summary: "Sends a file of points (CSV, or JSON lines) to ingest and reports refused rows.",
      run: importFile),
    Command(
      "scan", switches: ["notify-history", "insecure-plaintext"], isClient: true,
      summary: "Judges all that has not been judged yet and shows how far it has come.",
      run: scan),
    Command(
      "anomalies", ["[CUSTOMER]"], switches: ["all", "ids", "insecure-plaintext"], isClient: true,
      summary: "Shows what is out of the ordinary, at one customer or at all.",
      run: showAnomalies),
    Command(
      "dismiss", ["ID"], switches: ["insecure-plaintext"], isClient: true,
      summary: "Says that an anomaly was no problem.",
      run: dismiss),
    Command(
      "calendar", ["import|add|list|remove", "[FILE|ID...]"], switches: ["insecure-plaintext"],
      isClient: true,
      summary: "Keeps holidays and known events, from CSV or iCalendar files or one by one.",
      run: manageCalendar),
    Command(
      "sensitivity", ["set|list|remove", "[SCALE]"], switches: ["past", "insecure-plaintext"],
      isClient: true,
      summary: "Sets how cautious judgement is: for all, a segment, a customer or a metric.",
      run: manageSensitivity),
    Command(
      "rules", ["list|add|import|remove", "[FILE|NAME]"], switches: ["past", "insecure-plaintext"],
      isClient: true,
      summary: "Keeps the static thresholds that stand beside the models.",
      run: manageRules),
    Command(
      "silence", ["add|list|expire|preview", "[MATCHER...|ID]"],
      switches: ["expired", "insecure-plaintext"], isClient: true,
      summary: "Keeps notifications back for a while, or shows what that would hide.",
      run: manageSilences),
    Command(
      "receivers", ["list|test", "[NAME]"], switches: ["insecure-plaintext"], isClient: true,
      summary: "Says how those who are told fare, or sends one of them a test.",
      run: manageReceivers),
    Command(
      "deliveries", ["list|retry|account", "[ID]"], switches: ["insecure-plaintext"],
      isClient: true,
      summary: "Shows every send and every decision not to send, and their sums.",
      run: manageDeliveries),
    Command(
      "config", ["list|show|put|activate", "[FILE|VERSION]"], switches: ["insecure-plaintext"],
      isClient: true,
      summary: "Keeps versions of the routes, and puts one into force.",
      run: manageConfigurations),
    Command(
      "check-config", ["FILE"],
      summary: "Looks for what is wrong with a file of routes, and for what surprises in it.",
      run: checkConfiguration),
    Command(
      "routes", ["test|diff", "[LABEL=VALUE...|FILE...]"], switches: ["insecure-plaintext"],
      isClient: true,
      summary: "Says who would be told of an anomaly, or what another file of routes would change.",
      run: tryRoutes),
    Command(
      "backtest", switches: ["all-types", "unordered", "sensitivity"],
      summary: "Replays a file of points as the services would have judged it, in memory.",
      run: backtest),
    Command(
      "explain", ["CUSTOMER", "METRIC", "DATE"],
      switches: ["unordered", "json", "insecure-plaintext"], isClient: true,
      summary: "Says in words and numbers why something was or was not raised.",
      run: explain),
    Command(
      "replay", ["ANOMALY|RECORD"], switches: ["unordered", "insecure-plaintext"], isClient: true,
      summary: "Makes a recorded decision again and says whether it is the same, to the byte.",
      run: replayDecision),
    Command(
      "rpc", ["URL", "list|SERVICE/METHOD", "[JSON]"], switches: ["insecure-plaintext"],
      isClient: true,
      summary: "Calls any method of a service, or lists what it serves.",
      run: callByHand),
    Command(
      "keys", ["generate", "FOLDER", "NAME..."],
      summary: "Makes the keys by which services know each other, and the file of those trusted.",
      run: generateKeys),
    Command(
      "setup",
      summary: "Makes database, roles, schemas and passwords; may be repeated.",
      run: setUpDatabase),
    Command(
      "token", ["create|revoke", "NAME|ID"],
      summary: "Makes or ends bearer tokens of the gateway.",
      run: manageTokens),
    Command(
      "cluster", switches: ["throw-away"],
      summary: "Runs a private PostgreSQL in a folder until SIGTERM and prints its address.",
      run: runCluster),
  ]
}
