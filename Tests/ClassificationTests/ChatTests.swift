import Classification
import SeriesModel
import Testing

@Suite("The chat's answer")
struct ChatTests {
  let logins = Metric.fixture(name: "user_logins", unit: "logins", displayName: "User logins")

  @Test("the product's examples come out to the letter")
  func golden() {
    let reports = Metric.fixture(
      name: "feature_reports", unit: "views", displayName: "Reports module")
    let text = renderChat(anomalies: [
      .fixture(
        customer: "Nexus Corp", number: 3, metric: logins, type: .spike, severity: .info,
        baseline: 40, actual: 100, days: 10),
      .fixture(
        customer: "CloudFirst Inc", number: 2, metric: reports, type: .abandonment,
        severity: .warning, baseline: 500, actual: 100, days: 14),
      .fixture(),
    ])
    #expect(
      text == """
        Anomalies Detected: 3 accounts

        1. DataFlow Systems - Critical
           - Anomaly: 67% drop in API calls
           - Duration: 5 days
           - Baseline: 45,000/day -> Actual: 15,000/day
           - Possible Cause: Integration issue or migration
           [Investigate] [Contact Customer]
        2. CloudFirst Inc - Warning
           - Anomaly: Feature abandonment detected
           - Reports module: -80% usage
           - Started: 2 weeks ago
           - Possible Cause: Training gap or competing tool
           [Schedule Training] [Investigate]
        3. Nexus Corp - Positive
           - Anomaly: 150% increase in user logins
           - Duration: 10 days
           - Possible Cause: Team expansion or new use case
           [Explore Expansion] [Send Congratulations]

        [View All Anomalies] [Adjust Sensitivity] [Export Report]
        """)
  }

  @Test("an account stands once, with its worst anomaly first and the rest counted")
  func groupsByAccount() {
    let text = renderChat(
      anomalies: [
        .fixture(metric: logins, severity: .warning), .fixture(), .fixture(severity: .info),
        .fixture(customer: "Other", number: 2),
      ], style: ChatStyle(anomaliesPerAccountMax: 2, accountsMax: 1))
    #expect(text.contains("Anomalies Detected: 2 accounts"))
    #expect(text.contains("1. DataFlow Systems - Critical\n   - Anomaly: 67% drop in API calls"))
    #expect(text.contains("   - and 1 more of this account"))
    #expect(text.contains("... and 1 more account\n"))
    #expect(!text.contains("Other"))
  }

  @Test("dates and the figures of good news stand there when asked for")
  func style() {
    let text = renderChat(
      anomalies: [
        .fixture(metric: logins, type: .spike, state: .resolved, baseline: 40, actual: 100, days: 2)
      ], style: ChatStyle(showsFiguresOfPositives: true, showsDates: true))
    #expect(text.contains("Duration: 2 days (2013-02-08 to 2013-02-09, resolved)"))
    #expect(text.contains("Baseline: 40/day -> Actual: 100/day"))
  }

  @Test("a feature that is not used at all, or was given up for a while, has the figures of all")
  func abandonment() {
    let chat = { (actual: Double, state: AnomalyState) in
      renderChat(anomalies: [
        .fixture(type: .abandonment, state: state, baseline: 500, actual: actual, days: 14)
      ])
    }
    #expect(chat(0, .open).contains("Duration: 2 weeks\n   - Baseline: 500/day -> Actual: 0/day"))
    #expect(chat(100, .resolved).contains("Duration: 2 weeks"))
    #expect(!chat(100, .open).contains("Duration"))
  }

  @Test("no anomalies are said in one line")
  func none() {
    #expect(renderChat(anomalies: []) == "Anomalies Detected: none")
  }

  @Test("a hostile name starts no second line and steers no terminal")
  func hostileNames() {
    let text = renderChat(anomalies: [.fixture(customer: "A\n2. B - Critical\u{1b}[2J\u{202e}")])
    #expect(text.contains("1. A 2. B - Critical [2J - Critical"))
    #expect(!text.unicodeScalars.contains { $0.value == 0x1b || $0.value == 0x202e })
  }
}
