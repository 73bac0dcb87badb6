internal import SeriesModel

extension GroupPlace {
  /// The group's name: the route by conditions alone and the labels, as Alertmanager writes it,
  /// so that a change of the tree elsewhere leaves it as it is.
  public func groupKey(labels: Labels) -> String {
    let pairs = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\(Self.quoted($0.value))" }
    return "\(match.key):{\(pairs.joined(separator: ","))}"
  }

  /// What tells the group from every other one: whom it tells, and its key.
  public func identity(labels: Labels) -> String {
    "\(receiver)\u{0}\(person ?? "")\u{0}\(groupKey(labels: labels))"
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

extension ThreadScope {
  /// What tells a thread from every other one, before it is hashed.
  ///
  /// The thread of an anomaly depends on nothing but receiver and anomaly, so that a new tree of
  /// routes does not open a second incident.
  public func identity(in place: GroupPlace, labels: Labels) -> String {
    let who = place.person.map { "\(place.receiver)\u{0}\($0)" } ?? place.receiver
    switch self {
    case .anomaly(let anomaly): return "\(who)\u{0}\(anomaly.text)"
    case .customer(let id):
      let text = AnomalyReference(high: id.high, low: id.low).text
      return "\(who)\u{0}customer\u{0}\(text)\u{0}\(place.match.key)"
    case .group: return "\(who)\u{0}group\u{0}\(place.groupKey(labels: labels))"
    }
  }
}
