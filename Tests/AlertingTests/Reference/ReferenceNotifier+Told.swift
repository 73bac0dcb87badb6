import Alerting

extension ReferenceNotifier {
  /// One message as the model sends it.
  struct Told: Hashable {
    var at: Int64
    var receiver: String
    var person: String?
    var group: String
    var action: String
    var reason: String
    var items: [AnomalyReference]
  }
}
