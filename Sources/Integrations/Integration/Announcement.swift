/// Something that was done to Tidemark itself, told beside the anomalies: a configuration that is in
/// force from now on, a source that has fallen silent.
public struct Announcement: Sendable, Hashable {
  /// One line.
  public var summary: String
  /// What it happened to, such as "tidemark-notifier".
  public var source: String
  /// When, in microseconds since 1970.
  public var unixMicroseconds: Int64
  /// Named facts, in the order to be read.
  public var facts: [Fact]
  /// Where to look further; nil where no address is known.
  public var link: String?

  /// One named fact.
  public struct Fact: Sendable, Hashable {
    /// Such as "version".
    public var name: String
    /// Such as "42".
    public var value: String

    /// Pairs a name with a value.
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// Gathers what is announced.
  public init(
    summary: String, source: String, unixMicroseconds: Int64, facts: [Fact] = [],
    link: String? = nil
  ) {
    self.summary = summary
    self.source = source
    self.unixMicroseconds = unixMicroseconds
    self.facts = facts
    self.link = link
  }
}

/// A way to a receiver that can also tell what was done to Tidemark itself.
public protocol AnnouncingChannel: DeliveryChannel {
  /// Whether the receiver's settings ask for it.
  var wantsAnnouncements: Bool { get }

  /// Sends one announcement, once. The other side cannot tell a repetition from a second one, so
  /// what may have arrived is better not sent again.
  func announce(_ announcement: Announcement, now: Int64) async -> SendResult
}
