import SeriesModel
import Testing

@testable import Alerting

@Suite("Templates of messages")
struct MessageTemplateTests {
  @Test func `every place has its value, and a brace is written twice`() throws {
    let places = MessageTemplate.Place.allCases.map { "{\($0.rawValue)}" }.joined(separator: "|")
    let template = try MessageTemplate(parsing: "{{\(places)}}")
    let text = template.filled { $0.rawValue }
    #expect(
      text == "{" + MessageTemplate.Place.allCases.map(\.rawValue).joined(separator: "|") + "}")
  }

  @Test(
    arguments: [
      ("{nobody}", "there is no {nobody}"), ("{customer", "is not closed"),
      ("customer}", "closes nothing"), ("a\nb", "one line"),
      (String(repeating: "x", count: 4_097), "at most"),
    ] as [(String, String)])
  func `what cannot be filled is refused when it is read`(text: String, words: String) {
    let error = #expect(throws: AlertingError.self) { try MessageTemplate(parsing: text) }
    #expect(error?.code == .badTemplate && error?.detail.contains(words) == true)
  }

  @Test func `a value cannot end a line or be taken for a place`() throws {
    let template = try MessageTemplate(parsing: "{customer} lost {change}")
    let hostile = "{what}\r\nBcc: all@example.org"
    let notice = Notice.fixture(customer: hostile)
    let text = NoticeText(
      notice, publicURL: nil, templates: MessageTemplates(subject: template))
    #expect(text.subject == "{what}  Bcc: all@example.org lost -67 %")
  }

  @Test func `good news and ends have words of their own`() throws {
    let templates = MessageTemplates(
      subject: try MessageTemplate(parsing: "risk {customer}"),
      opportunitySubject: try MessageTemplate(parsing: "chance {customer}"),
      endSubject: try MessageTemplate(parsing: "over {customer}"),
      actions: ["contact_customer": "Call them today"])
    func subject(_ notice: Notice) -> String {
      NoticeText(notice, publicURL: nil, templates: templates).subject
    }
    #expect(subject(.fixture()) == "risk DataFlow Systems")
    #expect(subject(.fixture(intent: .opportunity)) == "chance DataFlow Systems")
    #expect(subject(.fixture(kind: .resolved)) == "over DataFlow Systems")
    let text = NoticeText(.fixture(), publicURL: nil, templates: templates)
    #expect(text.nextActions == ["Call them today"])
  }
}
