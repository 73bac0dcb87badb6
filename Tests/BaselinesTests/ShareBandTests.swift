import Baselines
import Testing

// Reference values printed by SciPy 1.17: special.gammaln, special.betainc, and
// stats.beta.ppf(0.01, x, n - x + 1), stats.beta.ppf(0.99, x + 1, n - x), which are those of R's
// binom.test.
@Suite("The exact band of a share")
struct ShareBandTests {
  private func isClose(_ left: Double, _ right: Double, _ tolerance: Double) -> Bool {
    (left - right).magnitude <= tolerance * max(1e-3, right.magnitude)
  }

  @Test(
    "the logarithm of the gamma function agrees with SciPy",
    arguments: [
      (0.1, 2.252712651734206), (0.5, 0.5723649429247), (1.5, -0.12078223763524526),
      (10, 12.801827480081469), (123.4, 469.3360974421906), (4_000, 29172.970494954592),
    ])
  func gamma(argument: Double, expected: Double) {
    #expect(isClose(logarithmOfGamma(argument), expected, 1e-12))
  }

  @Test(
    "the incomplete beta function agrees with SciPy",
    arguments: [
      (1.0, 20.0, 0.05, 0.6415140775914578), (3, 38, 0.1, 0.7771918756605969),
      (0.5, 0.5, 0.3, 0.36901011956554536), (120, 3_881, 0.03, 0.5126956339900994),
      (50, 2, 0.99, 0.9075091007063049), (2_000, 2_000, 0.51, 0.8970569016647708),
    ])
  func beta(a: Double, b: Double, argument: Double, expected: Double) {
    #expect(isClose(incompleteBeta(argument, a: a, b: b), expected, 1e-9))
  }

  @Test(
    "the band agrees with SciPy",
    arguments: [
      (0.0, 20.0, 0.0, 0.20567176527571848), (1, 20, 0.0005023905522584738, 0.2887903679930198),
      (3, 40, 0.01112106255814478, 0.22990680284150308),
      (7, 50, 0.04842530110316505, 0.29195786188816136), (20, 20, 0.7943282347242815, 1),
      (120, 4_000, 0.024068419289376617, 0.03688208232444397),
    ])
  func band(count: Double, trials: Double, lower: Double, upper: Double) {
    let band = ShareBand(count: count, trials: trials, error: 0.01)
    #expect(isClose(band.lower, lower, 1e-9))
    #expect(isClose(band.upper, upper, 1e-9))
  }

  @Test func `beyond its ends the incomplete beta function is 0 and 1`() {
    #expect(incompleteBeta(0, a: 2, b: 3) == 0)
    #expect(incompleteBeta(1, a: 2, b: 3) == 1)
    #expect(logarithmOfGamma(0).isNaN)
  }
}
