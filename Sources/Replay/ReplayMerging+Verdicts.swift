internal import Classification
internal import SeriesModel

extension ReplayMerging {
  /// Takes a person's word that what was found is no problem, as of the bucket after the last one.
  ///
  /// - Returns: Whether there was something that it speaks of.
  mutating func dismiss(_ verdict: ReplayedVerdict) -> Bool {
    hasVerdicts = true
    switch verdict.scope {
    case .series(let place): return dismissSeries(place, verdict)
    case .customer(let customer): return dismissWide(customer) { verdict.means($0) }
    case .cohort(let name):
      var isFound = false
      for place in events.indices
      where events[place].cohort == name && verdict.means(events[place].episode) {
        isFound = events[place].episode.dismiss() || isFound
      }
      return isFound
    }
  }

  private mutating func dismissSeries(_ place: Int, _ verdict: ReplayedVerdict) -> Bool {
    var isFound = false
    for entry in known[place].entries.indices {
      let anomaly = known[place].entries[entry]
      guard verdict.means(anomaly.episode) else { continue }
      if anomaly.isTakenOver, case .incident(let direction, let start) = anomaly.speaker {
        // People read on in the same thread: it is the customer as a whole that they speak of.
        isFound =
          dismissWide(customerOf[place], of: (direction, start)) { _ in true } || isFound
      } else {
        isFound = known[place].dismiss(entry) || isFound
      }
    }
    return isFound
  }

  /// Dismisses anomalies of a customer as a whole.
  private mutating func dismissWide(
    _ customer: Int, of incident: (direction: Direction, start: Int32)? = nil,
    where isMeant: (Episode) -> Bool
  ) -> Bool {
    var isFound = false
    for place in (incidents[customer] ?? []).indices {
      guard let known = incidents[customer]?[place], let wide = known.wide, isMeant(wide) else {
        continue
      }
      if let incident, (known.direction, known.startBucket) != incident { continue }
      isFound = incidents[customer]?[place].wide?.dismiss() == true || isFound
    }
    return isFound
  }

  /// What was dismissed of a series, itself or with what spoke for it, as it is known now.
  func dismissed(of place: Int) -> [DismissedAnomaly] {
    guard hasVerdicts else { return [] }
    return known[place].entries.filter { entry in
      entry.episode.state == .dismissed
        || entry.speaker.map { isDismissed($0, near: place) } == true
    }.map { DismissedAnomaly($0.episode, kind: kinds[place]) }
  }

  private func isDismissed(_ speaker: SeriesAnomalies.Speaker, near place: Int) -> Bool {
    let customer = customerOf[place]
    switch speaker {
    case .event(let cohort, let since):
      return events.contains {
        $0.cohort == cohort && $0.since == since && $0.episode.state == .dismissed
      }
    case .incident(let direction, let start):
      let incident = incidents[customer]?.first {
        $0.direction == direction && $0.startBucket == start
      }
      guard let incident else { return false }
      if let wide = incident.wide { return wide.state == .dismissed }
      let leader = places(of: customer, near: place).first { metricOf[$0] == incident.leader }
      guard let leader else { return false }
      return known[leader].entries.contains { entry in
        entry.episode.direction == direction && entry.episode.state == .dismissed
          && entry.episode.startBucket <= incident.lastBucket
          && entry.episode.endBucket >= incident.startBucket
      }
    }
  }
}
