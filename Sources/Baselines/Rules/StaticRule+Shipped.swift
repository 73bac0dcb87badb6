extension StaticRule {
  /// The rules that hold where nobody has said otherwise.
  ///
  /// They speak of metrics by the names that the catalogue's guide gives them; who has no such
  /// metric has no such rule.
  public static let shipped: [StaticRule] = [
    // Against the highest of a week, so that a fall in two steps counts, and always against the
    // last score.
    StaticRule(
      name: "health_drop", metric: "health_score", comparison: .dropPoints, reference: .highest,
      threshold: 20, window: 7, severity: 2),
    StaticRule(
      name: "recovery_unusual", metric: "health_score", comparison: .recovery, threshold: 15,
      window: 14, hold: 3),
    // Against the mean, so that getting back what was lost on one day is no news.
    StaticRule(
      name: "health_rise", metric: "health_score", comparison: .risePoints, reference: .mean,
      threshold: 20, window: 7),
    StaticRule(
      name: "health_plateau", metric: "health_score", comparison: .plateau, threshold: 2,
      ceiling: 50, window: 20, severity: 1),
    StaticRule(
      name: "revenue_variance", metric: "revenue_actual", comparison: .variance, threshold: 10,
      companion: "revenue_forecast", severity: 2),
    StaticRule(
      name: "churn_rate", metric: "churned_customers", comparison: .rate, minimum: 1, window: 12,
      companion: "customers_at_risk", severity: 2),
    StaticRule(
      name: "churn_risk", metric: "churn_risk", comparison: .abovePercent, threshold: 80,
      severity: 2),
    StaticRule(
      name: "mix_shift", metric: "feature*", comparison: .mixShift, threshold: 32, minimum: 20),
  ]
}
