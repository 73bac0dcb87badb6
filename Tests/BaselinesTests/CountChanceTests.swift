import Testing

@testable import Baselines

// Reference values printed by SciPy 1.17 (nbinom.cdf, norm.cdf).
@Suite("Chance of counts")
struct CountChanceTests {
  @Test(
    "the chance of few events agrees with SciPy",
    arguments: [
      (0, 1.0, 0.5, 0.6666666666666666), (3, 2.5, 1.2, 0.6589158611353816),
      (10, 0.3, 40.0, 0.7043156943216938), (64, 12.0, 4.0, 0.856870184579065),
      (0, 1e-06, 1.0, 0.9999993068530597), (20, 400.0, 0.05, 0.5591102076712049),
    ])
  func exact(count: Double, shape: Double, exposure: Double, expected: Double) {
    #expect(
      (chance(ofAtMost: count, shape: shape, exposure: exposure) - expected).magnitude < 1e-12)
  }

  @Test(
    "the chance of many events is near SciPy's",
    arguments: [(65, 12.0, 5.0, 0.6473974040584498), (500, 30.0, 16.0, 0.6120263482515106)])
  func near(count: Double, shape: Double, exposure: Double, expected: Double) {
    #expect(
      (chance(ofAtMost: count, shape: shape, exposure: exposure) - expected).magnitude < 0.04)
  }

  @Test(
    "the share of a normal distribution agrees with SciPy to seven places",
    arguments: [
      (-6, 9.865876450376946e-10), (-1.5, 0.06680720126885807), (0, 0.5),
      (0.3, 0.6179114221889526), (2.5, 0.9937903346742238), (-100, 0), (100, 1),
    ])
  func normal(deviate: Double, expected: Double) {
    #expect((normalShare(below: deviate) - expected).magnitude < 1e-7)
  }
}
