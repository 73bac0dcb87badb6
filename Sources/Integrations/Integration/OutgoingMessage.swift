public import Alerting

/// One message on its way to one receiver.
///
/// It depends on nothing but what is stored, so a repetition after a crash is the same message.
public struct OutgoingMessage: Sendable {
  /// What the other side is to do with the thread.
  public enum Action: String, Sendable, Hashable {
    /// Open it, or say how it stands now.
    case trigger
    /// Note that somebody has taken it on.
    case acknowledge
    /// Close it.
    case resolve
  }

  /// A mark that stands in front of every subject.
  public enum Mark: String, Sendable, Hashable {
    /// Somebody tries whether the way works.
    case test = "TEST"
    /// What would be sent if the configuration that is only watched were in force.
    case shadow = "SHADOW"
  }

  /// One anomaly with the words for it.
  public struct Item: Sendable {
    /// The anomaly as it stood at this change.
    public var notice: Notice
    /// Its words.
    public var text: NoticeText

    /// Pairs an anomaly with its words.
    public init(notice: Notice, text: NoticeText) {
      self.notice = notice
      self.text = text
    }
  }

  /// A person whom the message is for.
  public struct Recipient: Sendable, Hashable {
    /// The name in the directory.
    public var name: String
    /// The mail address; nil where none is known.
    public var email: String?
    /// Slack's identity of a member, such as "U012AB3CD"; nil where none is known.
    public var slackUser: String?

    /// Gathers the ways to a person.
    public init(name: String, email: String? = nil, slackUser: String? = nil) {
      self.name = name
      self.email = email
      self.slackUser = slackUser
    }
  }

  /// The delivery's identity, the text of a UUID, the same for each try.
  public var delivery: String
  /// The number of the try, from 1.
  public var attempt: Int
  /// Whether an earlier try may have been taken though no answer said so.
  public var mayHaveArrived: Bool
  /// What the other side is to do.
  public var action: Action
  /// Why it is sent.
  public var reason: NotificationReason
  /// The stable name of the thread: "tm1:" and 64 hexadecimal digits.
  public var threadKey: String
  /// What the other side calls the thread, as an earlier ``SendResult/reference`` said.
  public var reference: String?
  /// The receiver's name.
  public var receiver: String
  /// The group's key, such as `{}/{severity="critical"}:{customer="c-81"}`.
  public var groupKey: String
  /// The labels that all of the group share by the route's `group_by`.
  public var groupLabels: Labels
  /// The anomalies, most important first; at least one.
  public var items: [Item]
  /// How many more there are than ``items``.
  public var omittedCount: Int
  /// One line: the subject of the only anomaly, or what the group has in common.
  public var subject: String
  /// Where to look further; nil where no address is known.
  public var link: String?
  /// Whom it is for, where that is a person; empty is whoever the receiver names.
  public var recipients: [Recipient]
  /// A mark in front of the subject.
  public var mark: Mark?

  /// Gathers a message.
  ///
  /// - Precondition: `items` is not empty.
  public init(
    delivery: String, attempt: Int = 1, mayHaveArrived: Bool = false, action: Action = .trigger,
    reason: NotificationReason = .first, threadKey: String, reference: String? = nil,
    receiver: String, groupKey: String = "{}", groupLabels: Labels = [:], items: [Item],
    omittedCount: Int = 0, subject: String? = nil, link: String? = nil,
    recipients: [Recipient] = [], mark: Mark? = nil
  ) {
    guard let lead = items.first else { preconditionFailure("a message speaks of something") }
    self.delivery = delivery
    self.attempt = attempt
    self.mayHaveArrived = mayHaveArrived
    self.action = action
    self.reason = reason
    self.threadKey = threadKey
    self.reference = reference
    self.receiver = receiver
    self.groupKey = groupKey
    self.groupLabels = groupLabels
    self.items = items
    self.omittedCount = omittedCount
    self.subject = (mark.map { "[\($0.rawValue)] " } ?? "") + (subject ?? lead.text.subject)
    self.link = link ?? lead.text.link
    self.recipients = recipients
    self.mark = mark
  }

  /// The most important anomaly.
  public var lead: Item { items[0] }
}
