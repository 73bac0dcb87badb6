public import Baselines
public import Classification
internal import Detection
public import SeriesModel

/// A change of an anomaly that a replay came to.
public struct ReplayedChange: Sendable, Hashable {
  /// The place of the series among those that were given; where more than one is meant, of one of
  /// them.
  public var series: Int
  /// What happened.
  public var kind: AnomalyChangeKind
  /// The bucket at whose close it was found.
  public var bucket: Bucket
  /// The anomaly's numbers as they were known then.
  public var episode: Episode
  /// How much of the house it speaks of.
  public var scope = AnomalyScope.series
  /// The place of the settings among those that the history is judged with.
  public var setting = 0
}

/// A history judged bucket by bucket as the services would have judged it, in memory.
///
/// Models, tests and merging are those of the services; only stores and calls are left out. A
/// replay holds whole customers, and what it finds does not depend on which other customers it
/// holds.
public struct HistoryReplay: Sendable {
  /// One series.
  public struct Member: Sendable, Hashable {
    /// Place in the customers; those of one customer stand together.
    public var customer: Int
    /// Place in the metrics.
    public var metric: Int

    /// Joins customer and metric.
    public init(customer: Int, metric: Int) {
      self.customer = customer
      self.metric = metric
    }
  }

  private let granularity: Granularity
  private let members: [Member]
  private var calendar: CalendarResolver
  private var fold: ModelFold
  private var mergings: [ReplayMerging]
  private let metrics: [Metric]
  private let settings: [[SensitivityRule]]
  private let staticRules: [StaticRule]
  /// What is judged by since the settings have changed; nil before.
  private var changed: (sensitivity: [SensitivityRule], rules: [StaticRule])?

  /// The series whose decisions are kept, by the first settings; nil for none.
  public var watched: Int? {
    didSet {
      mergings[0].watched = watched
      if (watched == nil) != (oldValue == nil) { showDetail() }
    }
  }

  /// What was decided of the watched series in the bucket after the last one; nil where there was
  /// nothing to judge.
  public private(set) var decision: ReplayedDecision?

  /// Begins before the first bucket, with models that have seen nothing.
  ///
  /// - Parameters:
  ///   - granularity: The length of the buckets.
  ///   - customers: Whom the series speak of.
  ///   - metrics: What they speak of.
  ///   - members: The series; those of one customer stand together.
  ///   - calendar: Holidays and known events.
  ///   - zone: The clock of all customers.
  ///   - rules: When an excursion belongs to an anomaly that is known.
  ///   - sensitivity: How cautious judgement is within each scope.
  ///   - others: Further settings that the same history is judged with beside that.
  ///   - staticRules: The thresholds that people have set.
  public init(
    granularity: Granularity, customers: [Customer], metrics: [Metric], members: [Member],
    calendar: BusinessCalendar = BusinessCalendar(), zone: Zone = .utc,
    rules: MergeRules = MergeRules(),
    sensitivity: [SensitivityRule] = [], others: [[SensitivityRule]] = [],
    staticRules: [StaticRule] = StaticRule.shipped
  ) {
    self.granularity = granularity
    self.members = members
    self.calendar = CalendarResolver(
      calendar, customers: customers, metrics: metrics, zone: { _ in zone })
    self.metrics = metrics
    settings = [sensitivity] + others
    self.staticRules = staticRules
    let merging = ReplayMerging(
      rules: rules, customerOf: members.map(\.customer),
      metrics: members.map { metrics[$0.metric] })
    mergings = Array(repeating: merging, count: settings.count)
    fold = ModelFold(
      runID: ScanRunID(high: 0, low: 0), granularity: granularity, ingestSequence: 0,
      customers: customers, metrics: metrics,
      members: members.map { member in
        ModelFold.Member(
          customer: member.customer, metric: member.metric,
          model: SeriesBaseline(kind: metrics[member.metric].kind, granularity: granularity),
          through: .min, silentThrough: .min)
      }, sensitivity: sensitivity, rules: staticRules, detail: EvidenceDetail(settings.joined()))
  }

  /// Judges the buckets that follow by other settings; what is learned does not depend on them.
  ///
  /// - Parameters:
  ///   - sensitivity: How cautious judgement is within each scope.
  ///   - staticRules: The thresholds that people have set.
  public mutating func use(_ sensitivity: [SensitivityRule], _ staticRules: [StaticRule]) {
    let rules = staticRules.filter { rule in metrics.contains { rule.speaks(of: $0) } }
    changed = (sensitivity, rules)
    showDetail()
  }

  /// Has the fold show all that may be judged by any of the settings, or that is asked for.
  private mutating func showDetail() {
    let all = settings + [changed?.sensitivity ?? []]
    fold.show(
      watched == nil ? EvidenceDetail(all.joined()) : .everywhere,
      rules: changed?.rules ?? staticRules)
  }

  /// How many series there are.
  public var count: Int { members.count }

  /// What the series say of a bucket, before any of them has learned from it.
  ///
  /// - Parameters:
  ///   - index: The bucket after the last one.
  ///   - values: The value of the series at a place; NaN where it is missing.
  /// - Returns: The views by cohort.
  public mutating func tally(of index: Int32, values: (Int) -> Double) -> CohortTally {
    calendar.enter(Bucket(granularity, index))
    return fold.tally(of: index, values: values, flags: flags)
  }

  /// Judges one bucket of all series.
  ///
  /// - Parameters:
  ///   - index: The bucket after the last one.
  ///   - values: The value of the series at a place; NaN where it is missing.
  ///   - cohorts: What the bucket did to each cohort.
  /// - Returns: The changes that people would hear of, in the order of the series.
  public mutating func advance(
    to index: Int32, values: (Int) -> Double, cohorts: [CohortRow] = []
  ) -> [ReplayedChange] {
    calendar.enter(Bucket(granularity, index))
    let (batches, _) = fold.advance(
      to: index, values: values, flags: flags, cohorts: cohorts)
    var changes: [ReplayedChange] = []
    decision = nil
    for var batch in batches {
      if let changed {
        batch.evidence.sensitivity = changed.sensitivity
        batch.evidence.rules = changed.rules
      }
      if let watched, let row = batch.members.firstIndex(of: watched) {
        decision = mergings[0].decision(decide(batch.evidence, row: row), of: watched)
      }
      for place in settings.indices {
        // What is learned does not depend on the settings, so that one fold does for all.
        var evidence = batch.evidence
        if place > 0 { evidence.sensitivity = settings[place] }
        let merged = mergings[place].merge(judge(evidence, notify: true), members: batch.members)
        for var change in merged {
          change.setting = place
          changes.append(change)
        }
      }
    }
    decision?.settled = mergings[0].watchedDecisions
    decision?.causes = mergings[0].watchedCauses
    return changes
  }

  /// What the calendar says of each series in the bucket that was entered last.
  private var flags: (Int) -> EvidenceFlags {
    { [calendar, members] place in
      EvidenceFlags(
        calendar.entry(customer: members[place].customer, metric: members[place].metric))
    }
  }

  /// Takes a person's word that something that was found is no problem, as of the bucket after the
  /// last one: it goes on in silence, and what is like it must be clearer to be raised.
  ///
  /// - Returns: Whether the first settings had found something that it speaks of.
  @discardableResult
  public mutating func dismiss(_ verdict: ReplayedVerdict) -> Bool {
    var isFound = false
    for place in mergings.indices {
      let isMeant = mergings[place].dismiss(verdict)
      if place == 0 { isFound = isMeant }
    }
    return isFound
  }
}
