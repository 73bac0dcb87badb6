internal import Classification
internal import SeriesModel

/// What is known of the anomalies of one series.
struct SeriesAnomalies: Sendable {
  /// What speaks for an anomaly of which people do not hear itself.
  enum Speaker: Sendable, Hashable {
    /// The incident of its customer, by its side and first bucket.
    case incident(Direction, Int32)
    /// A platform event, by its cohort and first bucket.
    case event(String, Int32)
  }

  /// One anomaly.
  struct Entry: Sendable {
    var episode: Episode
    var speaker: Speaker?
    /// Whether people heard of it first, and then of the customer as a whole in its place.
    var isTakenOver = false
  }

  /// The latest to each side and those before it that a verdict may still speak of; of one side
  /// the latest is the last one.
  private(set) var entries: [Entry] = []
  var followed: Set<Direction> = []

  /// The latest anomaly to a side.
  subscript(_ direction: Direction) -> Episode? {
    place(direction).map { entries[$0].episode }
  }

  /// Begins an anomaly, and forgets those to its side whose last bucket lies before a bucket.
  mutating func open(_ episode: Episode, forgettingBefore bucket: Int64) {
    entries.removeAll { $0.episode.direction == episode.direction && $0.episode.endBucket < bucket }
    entries.append(Entry(episode: episode))
  }

  /// Lets the latest anomaly to its side go on.
  mutating func advance(to episode: Episode) {
    guard let place = place(episode.direction) else { return }
    entries[place].episode = episode
    if episode.standing == .own { entries[place].speaker = nil }
  }

  /// Lets something speak for the latest anomaly to a side, unless something does so already.
  mutating func point(_ direction: Direction, to speaker: Speaker?) {
    guard let place = place(direction), entries[place].speaker == nil else { return }
    entries[place].speaker = speaker
  }

  /// Lets the customer as a whole go on in the place of the latest anomaly to a side.
  mutating func takeOver(_ direction: Direction, by speaker: Speaker) {
    guard let place = place(direction) else { return }
    entries[place].episode.standing = .joined
    entries[place].speaker = speaker
    entries[place].isTakenOver = true
  }

  /// Takes a person's word that an anomaly is no problem; false where its state does not allow it.
  mutating func dismiss(_ place: Int) -> Bool { entries[place].episode.dismiss() }

  private func place(_ direction: Direction) -> Int? {
    entries.lastIndex { $0.episode.direction == direction }
  }
}
