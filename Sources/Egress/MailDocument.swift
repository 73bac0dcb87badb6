/// A mail in its parts, to be written as RFC 5322 wants it.
///
/// Whatever stands in the parts, the result has exactly the headers that are meant: control
/// characters become spaces, and what is not plain ASCII is encoded.
public struct MailDocument: Sendable, Hashable {
  /// A person or a role with a mail address.
  public struct Mailbox: Sendable, Hashable {
    /// The name shown; may be empty.
    public var name: String
    /// A plain address.
    public var address: String

    /// Pairs a name with an address.
    public init(name: String = "", address: String) {
      self.name = name
      self.address = address
    }
  }

  /// Who sends it.
  public var from: Mailbox

  /// Who gets it, at least one.
  public var to: [Mailbox]

  /// One line.
  public var subject: String

  /// When it was written, in seconds since 1970.
  public var unixSeconds: Int64

  /// The identity, `left@right`, the same in each repetition.
  public var messageID: String

  /// The identity of the thread's root, which need not be a real message; nil for none.
  public var threadID: String?

  /// The body for those who read plain text.
  public var text: String

  /// The body for those who read HTML; shows a picture by `<img src="cid:IDENTITY">`.
  public var html: String

  /// Pictures that come with the HTML.
  public var pictures: [Picture] = []

  /// What the mails have in common, as a name of the form of a domain (RFC 2919); nil for none.
  public var listID: String?

  /// Where people say that they want no such mails any more; nil for none.
  public var unsubscribe: Unsubscribe?

  /// A picture within a mail.
  public struct Picture: Sendable, Hashable {
    /// The identity, `left@right`, that the HTML names.
    public var id: String
    /// A file of the format PNG.
    public var png: [UInt8]

    /// Pairs an identity with a picture.
    public init(id: String, png: [UInt8]) {
      self.id = id
      self.png = png
    }
  }

  /// A way out.
  public struct Unsubscribe: Sendable, Hashable {
    /// An address of the web.
    public var url: String
    /// Whether a POST to it is enough (RFC 8058).
    public var isOneClick: Bool

    /// Pairs an address with what it takes.
    public init(url: String, isOneClick: Bool) {
      self.url = url
      self.isOneClick = isOneClick
    }
  }

  /// Gathers the parts.
  public init(
    from: Mailbox, to: [Mailbox], subject: String, unixSeconds: Int64, messageID: String,
    threadID: String? = nil, text: String, html: String
  ) {
    self.from = from
    self.to = to
    self.subject = subject
    self.unixSeconds = unixSeconds
    self.messageID = messageID
    self.threadID = threadID
    self.text = text
    self.html = html
  }
}
