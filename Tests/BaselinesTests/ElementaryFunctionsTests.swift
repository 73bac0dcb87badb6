import Baselines
import Testing

// Reference values printed by NumPy 2.4 (np.log, np.exp).
@Suite("Elementary functions")
struct ElementaryFunctionsTests {
  @Test(
    "the logarithm agrees with NumPy to the last places",
    arguments: [
      (1e-300, -690.7755278982137), (0.1, -2.3025850929940455), (0.5, -0.6931471805599453),
      (1, 0.0), (1.5, 0.4054651081081644), (2, 0.6931471805599453), (10, 2.302585092994046),
      (123456.789, 11.723646487185881), (1e300, 690.7755278982137),
    ])
  func logarithm(argument: Double, expected: Double) {
    #expect((naturalLogarithm(argument) - expected).magnitude <= 4e-16 * expected.magnitude)
  }

  @Test(
    "the exponential agrees with NumPy to the last places",
    arguments: [
      (-700, 9.85967654375977e-305), (-1.5, 0.22313016014842982), (-1e-09, 0.999999999),
      (0, 1.0), (0.1, 1.1051709180756477), (1, 2.718281828459045), (10.5, 36315.502674246636),
      (700, 1.0142320547350045e+304),
    ])
  func exponential(argument: Double, expected: Double) {
    #expect((Baselines.exponential(argument) - expected).magnitude <= 4e-16 * expected)
  }

  @Test func `the ends of the range are infinities, zero and NaN`() {
    #expect(naturalLogarithm(0) == -.infinity)
    #expect(naturalLogarithm(-1).isNaN)
    #expect(naturalLogarithm(.infinity) == .infinity)
    #expect(Baselines.exponential(1_000) == .infinity)
    #expect(Baselines.exponential(-1_000) == 0)
    #expect(Baselines.exponential(.nan).isNaN)
  }
}
