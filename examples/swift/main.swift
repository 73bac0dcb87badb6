// The gateway's calls by RPC from Swift: lists a customer's anomalies.
//
//   TOKEN=... tidemark-example URL KEY_FILE CALLER CUSTOMER
//
// URL is where the gateway listens for RPC. KEY_FILE is the Ed25519 private key (PEM) of CALLER,
// whose public key the gateway trusts; TOKEN is the bearer token of a person or a service.

import AnomalyContract
import Cryptography
import GatewayContract
import Glibc
import RPC
import SeriesContract
import ServiceRuntime

let words = Array(CommandLine.arguments.dropFirst())
guard words.count == 4, let token = ProcessEnvironment.variables()["TOKEN"] else {
  StandardOutput.write("usage: TOKEN=... tidemark-example URL KEY_FILE CALLER CUSTOMER\n")
  exit(2)
}

do {
  let key = try SigningKey(pem: SettingsFile.secret(words[1]).secret)
  let channel = try RPCChannel(
    url: words[0],
    settings: RPCClientSettings(
      backend: "gateway", identity: CallerIdentity(name: words[2], key: key)))
  let gateway = GatewayClient(channel)

  var request = ListCustomerAnomaliesRequest()
  request.customer = words[3]
  let answer = try await gateway.listCustomerAnomalies(
    request,
    options: CallOptions(
      timeoutMilliseconds: 5_000, metadata: ["authorization": "Bearer \(token)"]))
  for anomaly in answer.anomalies {
    let name = anomaly.customer?.name ?? words[3]
    StandardOutput.write("\(name): \(anomaly.summary)\n")
  }
  channel.close()
} catch {
  StandardOutput.write("\(error)\n")
  exit(1)
}
