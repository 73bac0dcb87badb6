internal import Cryptography
internal import JSON
public import ServiceRuntime

/// PagerDuty's webhooks v3: what people did about our incidents over there.
///
/// A delivery is answered with a status of the 200s within 5 seconds; one that is not is repeated,
/// but for answers of the 400s, after three of which PagerDuty stops for a day
/// (developer.pagerduty.com, Webhooks, Behavior).
public enum PagerDutyInbound {
  /// Most bytes of a body: PagerDuty drops what is larger instead of sending it.
  public static let bytesLimit = 262_144
  /// Most signatures that are looked at; PagerDuty sends one for each secret of a rotation.
  public static let signaturesLimit = 16

  /// What somebody did.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    case acknowledged = "incident.acknowledged"
    case unacknowledged = "incident.unacknowledged"
    case resolved = "incident.resolved"
    case reopened = "incident.reopened"
    case reassigned = "incident.reassigned"
    case priorityUpdated = "incident.priority_updated"
  }

  /// One thing that was done to one of our incidents.
  public struct Event: Sendable, Hashable {
    /// PagerDuty's identity of the event: signed, and the same in each repetition.
    public var id: String
    /// What was done.
    public var kind: Kind
    /// Our own name of the thread, which is the incident's deduplication key.
    public var threadKey: String
    /// PagerDuty's identity of the incident, such as "PGR0VU2".
    public var incident: String
    /// Where people look at the incident; nil where none is given.
    public var link: String?
    /// When, in microseconds since 1970.
    public var unixMicroseconds: Int64
    /// Who did it, as PagerDuty shows the name; nil where it was nobody.
    public var agent: String?
    /// Who has it now.
    public var assignees: [String]
    /// Such as "P1"; nil where it has none.
    public var priority: String?
  }

  /// Why a delivery is not believed or not understood.
  public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure.
    ///
    /// Closed: all callers are built with us, so a switch stays exhaustive.
    public enum Code: String, Sendable, CaseIterable {
      /// No secret of ours made any of the signatures.
      case unsigned
      /// It is larger than PagerDuty sends.
      case tooLarge
      /// It is signed, and not of the form of a webhook v3.
      case malformed
    }

    /// The kind of failure.
    public let code: Code
    /// What was seen; holds nothing of the body.
    public let detail: String

    /// One line, safe to log.
    public var description: String { "pagerduty webhook: \(code.rawValue): \(detail)" }
  }

  /// Verifies a delivery and reads it.
  ///
  /// The incident of a trigger has the trigger's deduplication key as its `incident_key`; incidents
  /// that are not ours, and events of no interest, are left out, so that they can be answered as
  /// taken. A repetition is known by the event's ``Event/id``; the header `X-Webhook-Id` tells it
  /// too, but is not signed and therefore changes nothing here.
  ///
  /// - Parameters:
  ///   - body: The body as it came, byte for byte.
  ///   - signatureHeader: The header `X-PagerDuty-Signature`: `v1=…`, several with commas.
  ///   - secrets: Those of the subscriptions; during a rotation the old one and the new one.
  /// - Returns: At most one event today; PagerDuty sends no batches.
  /// - Throws: ``Failure``.
  public static func verify(
    _ body: [UInt8], signatureHeader: String, secrets: [Redacted<String>]
  ) throws(Failure) -> [Event] {
    guard body.count <= bytesLimit else {
      throw Failure(code: .tooLarge, detail: "\(body.count) bytes")
    }
    guard isSigned(body, signatureHeader, secrets) else {
      throw Failure(code: .unsigned, detail: "no signature fits")
    }
    do {
      guard let event = try JSONValue(parsing: body)["event"], event.objectValue != nil else {
        throw Failure(code: .malformed, detail: "there is no 'event'")
      }
      return try read(event).map { [$0] } ?? []
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(code: .malformed, detail: "the body is not JSON")
    }
  }

  /// Every pair of signature and secret is compared, so that the time taken says nothing of which
  /// one fitted.
  private static func isSigned(
    _ body: [UInt8], _ header: String, _ secrets: [Redacted<String>]
  ) -> Bool {
    let codes = header.split(separator: ",").prefix(signaturesLimit).compactMap {
      part -> [UInt8]? in
      let words = part.split(separator: " ")
      guard words.count == 1, let word = words.first, word.hasPrefix("v1=") else { return nil }
      do {
        return try Hexadecimal.decode(String(word.dropFirst(3)))
      } catch {
        // What is no number cannot be a signature; another one may fit.
        return nil
      }
    }
    var fits = false
    for secret in secrets where !secret.secret.isEmpty {
      let expected = HMACSHA256.code(for: body, key: Array(secret.secret.utf8))
      for code in codes where constantTimeEquals(code, expected) { fits = true }
    }
    return fits
  }

  private static func read(_ event: JSONValue) throws(Failure) -> Event? {
    func text(_ value: JSONValue?, _ name: String) throws(Failure) -> String {
      guard let text = value?.stringValue, !text.isEmpty, text.utf8.count <= 1_024 else {
        throw Failure(code: .malformed, detail: "'\(name)' is missing")
      }
      return text
    }
    guard let kind = Kind(rawValue: try text(event["event_type"], "event.event_type")) else {
      return nil
    }
    let data = event["data"] ?? .null
    // An incident that people opened by hand has a key of PagerDuty's making, or none.
    guard let key = data["incident_key"]?.stringValue, isOurs(key) else { return nil }
    let moment = try text(event["occurred_at"], "event.occurred_at")
    guard let time = Timestamp.unixMicroseconds(moment) else {
      throw Failure(code: .malformed, detail: "'event.occurred_at' is not a moment")
    }
    let link = data["html_url"]?.stringValue
    return Event(
      id: try text(event["id"], "event.id"), kind: kind, threadKey: key,
      incident: try text(data["id"], "event.data.id"),
      link: link.flatMap { $0.hasPrefix("https://") ? $0 : nil }, unixMicroseconds: time,
      agent: event["agent"]?["summary"]?.stringValue,
      assignees: data["assignees"]?.arrayValue?.compactMap { $0["summary"]?.stringValue } ?? [],
      priority: data["priority"]?["summary"]?.stringValue)
  }

  /// Whether it is a name of a thread: `tm1:` and 64 hexadecimal digits.
  private static func isOurs(_ key: String) -> Bool {
    key.hasPrefix("tm1:") && key.utf8.count == 68
      && key.utf8.dropFirst(4).allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
      }
  }
}
