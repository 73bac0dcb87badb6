internal import SeriesModel

/// One text with places for values, such as `{customer}: {what}`.
///
/// A brace that is meant is written twice. The values are put in as plain text, each on one line;
/// the vendor's rules of escaping come after.
public struct MessageTemplate: Sendable, Hashable {
  /// What can be put in.
  public enum Place: String, Sendable, Hashable, CaseIterable {
    case customer
    case customerID = "customer_id"
    case segment
    case region
    case owner
    case metric
    case type
    case severity
    case intent
    case state
    case what
    case baseline
    case actual
    case change
    case duration
    case since
    case cause
    case mark
  }

  private enum Piece: Sendable, Hashable {
    case text(String)
    case place(Place)
  }

  /// Longest template, in bytes.
  public static let bytesLimit = 4_096

  private let pieces: [Piece]

  /// Reads a template.
  ///
  /// - Throws: ``AlertingError`` `badTemplate` that names the place that does not exist.
  public init(parsing text: String) throws(AlertingError) {
    guard text.utf8.count <= Self.bytesLimit else {
      throw AlertingError(.badTemplate, "a template has at most \(Self.bytesLimit) bytes")
    }
    guard !text.contains(where: \.isNewline) else {
      throw AlertingError(.badTemplate, "a template is one line")
    }
    var pieces: [Piece] = []
    var plain = ""
    var rest = text[...]
    while let next = rest.popFirst() {
      if next == "{" || next == "}", rest.first == next {
        rest.removeFirst()
        plain.append(next)
      } else if next == "{" {
        guard let end = rest.firstIndex(of: "}") else {
          throw AlertingError(.badTemplate, "'{\(rest)' is not closed; write {{ for a brace")
        }
        let name = String(rest[..<end])
        guard let place = Place(rawValue: name) else {
          let names = Place.allCases.map(\.rawValue).joined(separator: ", ")
          throw AlertingError(.badTemplate, "there is no {\(name)}; there are \(names)")
        }
        if !plain.isEmpty { pieces.append(.text(plain)) }
        plain = ""
        pieces.append(.place(place))
        rest = rest[rest.index(after: end)...]
      } else if next == "}" {
        throw AlertingError(.badTemplate, "'}' closes nothing; write }} for a brace")
      } else {
        plain.append(next)
      }
    }
    if !plain.isEmpty { pieces.append(.text(plain)) }
    self.pieces = pieces
  }

  /// The text with its values.
  public func filled(_ values: (Place) -> String) -> String {
    pieces.map { piece in
      switch piece {
      case .text(let text): text
      case .place(let place): oneLine(values(place))
      }
    }.joined()
  }
}

/// The words of messages; what is not set is as it is shipped.
public struct MessageTemplates: Sendable, Hashable {
  /// The subject while it lasts.
  public var subject: MessageTemplate?
  /// The sentence while it lasts.
  public var sentence: MessageTemplate?
  /// The subject of good news while it lasts.
  public var opportunitySubject: MessageTemplate?
  /// The sentence of good news while it lasts.
  public var opportunitySentence: MessageTemplate?
  /// The subject when it is over.
  public var endSubject: MessageTemplate?
  /// The sentence when it is over.
  public var endSentence: MessageTemplate?
  /// What to do next, by the name of the action.
  public var actions: [String: String]

  /// The words as they are shipped.
  public static let shipped = MessageTemplates()

  /// Gathers templates.
  public init(
    subject: MessageTemplate? = nil, sentence: MessageTemplate? = nil,
    opportunitySubject: MessageTemplate? = nil, opportunitySentence: MessageTemplate? = nil,
    endSubject: MessageTemplate? = nil, endSentence: MessageTemplate? = nil,
    actions: [String: String] = [:]
  ) {
    self.subject = subject
    self.sentence = sentence
    self.opportunitySubject = opportunitySubject
    self.opportunitySentence = opportunitySentence
    self.endSubject = endSubject
    self.endSentence = endSentence
    self.actions = actions
  }

  /// The subject for a notice; nil is the shipped one.
  func subject(of notice: Notice) -> MessageTemplate? {
    if notice.kind.isEnd { return endSubject }
    return notice.intent == .opportunity ? opportunitySubject ?? subject : subject
  }

  /// The sentence for a notice; nil is the shipped one.
  func sentence(of notice: Notice) -> MessageTemplate? {
    if notice.kind.isEnd { return endSentence }
    return notice.intent == .opportunity ? opportunitySentence ?? sentence : sentence
  }
}
