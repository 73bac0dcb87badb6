internal import Alerting
internal import Integration

extension Routes {
  var alerting: AlertingConfiguration {
    AlertingConfiguration(
      tree: tree, receivers: receivers.mapValues(\.rules),
      silentReceivers: Set(receivers.values.filter { $0.way == nil }.map(\.name)))
  }

  var warnings: [String] { [] }
}
