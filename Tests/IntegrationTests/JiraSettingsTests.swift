import Alerting
import ServiceRuntime
import Testing

@testable import JiraIntegration

@Suite("Settings and forms of Jira")
struct JiraSettingsTests {
  @Test func `moments of Jira are read with their offset`() {
    let moment: Int64 = 1_360_332_000_000_000
    #expect(JiraIssue.unixMicroseconds("2013-02-08T15:00:00.000+0100") == moment)
    #expect(JiraIssue.unixMicroseconds("2013-02-08T06:00:00.000-0800") == moment)
    #expect(JiraIssue.unixMicroseconds("2013-02-08T14:00:00.000Z") == moment)
    #expect(JiraIssue.unixMicroseconds("+010") == nil && JiraIssue.unixMicroseconds("") == nil)
  }

  @Test(arguments: [
    ("CS-1", true), ("A_B2-77", true), ("CS", false), ("CS-", false), ("-1", false),
    ("CS-1/../x", false), ("CS-1?x", false), ("CS-١", false), ("", false),
  ])
  func `only a key goes into an address`(text: String, isKey: Bool) {
    #expect(JiraIssue.isKey(text) == isKey)
  }

  @Test func `settings are read whole, and all that is wrong is told`() throws {
    try withSecrets(["token": "sesame"]) { folder in
      let good = try settings(
        JiraSettings.self,
        """
        site: https://acme.atlassian.net/
        email: bot@example.org
        token-file: token
        project: CS
        issue-type: Bug
        priorities: {critical: Highest}
        labels: [a, b]
        resolve-transition: Done
        reopen-transition: Reopen
        reopen-within-hours: 24
        wont-do-resolution: Won't Do
        messages-per-minute: 10
        """, folder: folder)
      #expect(good.faults.isEmpty)
      let read = try #require(good.settings)
      #expect(read.site == "https://acme.atlassian.net" && read.issueType == "Bug")
      #expect(read.priorities == [.critical: "Highest"] && read.labels == ["a", "b"])
      #expect(read.reopenWithinHours == 24 && read.messagesPerMinute == 10)
      #expect(!"\(read)".contains("sesame"))
      let bad = try settings(
        JiraSettings.self,
        """
        {site: 'https://acme.atlassian.net/jira', email: bot, token-file: token, project: 'C S',
         labels: ['a b'], priorities: {fatal: High}, reopen-within-hours: 5, colour: red}
        """, folder: folder)
      #expect(bad.settings == nil)
      for part in ["without a path", "mail address", "project's key", "no space", "colour"] {
        let isTold = bad.faults.contains { $0.contains(part) }
        #expect(isTold, "\(part): \(bad.faults)")
      }
      let alone = try settings(
        JiraSettings.self,
        """
        {site: 'https://a.example', email: b@a.example, token-file: token, project: C,
         reopen-within-hours: 5}
        """, folder: folder)
      #expect(alone.faults.first?.contains("go together") == true)
    }
  }
}
