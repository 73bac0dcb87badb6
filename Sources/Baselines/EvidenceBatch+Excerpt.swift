internal import SeriesModel

extension EvidenceBatch {
  /// Some rows as a batch of their own, with the customers, metrics and cohorts that they speak of
  /// and the settings that may speak of them.
  ///
  /// - Parameter rows: Places of rows, rising.
  /// - Returns: The same rows, of which each is judged as it is here.
  public func excerpt(ofRows rows: [Int]) -> EvidenceBatch {
    var part = EvidenceBatch(
      runID: runID, bucket: bucket, revision: revision, ingestSequence: ingestSequence,
      modelVersion: modelVersion, windows: windows)
    let customerPlaces = Set(rows.map { customerIndex[$0] }).sorted()
    let metricPlaces = Set(rows.map { metricIndex[$0] }).sorted()
    part.customers = customerPlaces.map { customers[Int($0)] }
    part.metrics = metricPlaces.map { metrics[Int($0)] }
    let present = JudgementSettings(sensitivity: sensitivity, rules: rules)
      .present(in: part.customers, part.metrics)
    part.sensitivity = present.sensitivity
    part.rules = present.rules
    let names = Set(part.customers.map(\.cohort) + [""])
    part.cohorts = cohorts.filter { names.contains($0.cohort) }
    part.customerIndex = Self.places(rows.map { customerIndex[$0] }, in: customerPlaces)
    part.metricIndex = Self.places(rows.map { metricIndex[$0] }, in: metricPlaces)
    part.takeColumns(of: self, rows)
    return part
  }

  private static func places(_ values: [UInt32], in known: [UInt32]) -> [UInt32] {
    let places = Dictionary(uniqueKeysWithValues: zip(known, known.indices.map { UInt32($0) }))
    return values.compactMap { places[$0] }
  }

  private mutating func takeColumns(of whole: EvidenceBatch, _ rows: [Int]) {
    flags = rows.map { whole.flags[$0] }
    age = rows.map { whole.age[$0] }
    observed = rows.map { whole.observed[$0] }
    expected = rows.map { whole.expected[$0] }
    deviation = rows.map { whole.deviation[$0] }
    z = rows.map { whole.z[$0] }
    inputHash = rows.map { whole.inputHash[$0] }
    let shown = rows.indices.filter { whole.detail(of: rows[$0]) != nil }
    setDetailed(shown.map { UInt32($0) })
    takeDetail(of: whole, shown.compactMap { whole.detail(of: rows[$0]) })
  }

  private mutating func takeDetail(of whole: EvidenceBatch, _ places: [Int]) {
    func take<Value>(_ column: [Value], width: Int = 1) -> [Value] {
      places.flatMap { column[$0 * width..<($0 + 1) * width] }
    }
    let width = windows.count
    windowSum = take(whole.windowSum, width: width)
    windowExpected = take(whole.windowExpected, width: width)
    windowDeviation = take(whole.windowDeviation, width: width)
    windowValid = take(whole.windowValid, width: width)
    mean = take(whole.mean)
    standardDeviation = take(whole.standardDeviation)
    median = take(whole.median)
    medianAbsoluteDeviation = take(whole.medianAbsoluteDeviation)
    lowerQuartile = take(whole.lowerQuartile)
    upperQuartile = take(whole.upperQuartile)
    previousSeason = take(whole.previousSeason)
    zeroRun = take(whole.zeroRun)
    drift = take(whole.drift)
    driftDeviation = take(whole.driftDeviation)
    seasonDistance = take(whole.seasonDistance)
    seasonEffect = take(whole.seasonEffect)
    silence = take(whole.silence)
    risk = take(whole.risk)
    tieRun = take(whole.tieRun)
    tieSurprise = take(whole.tieSurprise)
    capExcess = take(whole.capExcess)
    adoptionBuckets = take(whole.adoptionBuckets)
    adoptionUnits = take(whole.adoptionUnits)
    streamScore = take(whole.streamScore)
    streamChange = take(whole.streamChange)
    streamLength = take(whole.streamLength)
    ringObserved = take(whole.ringObserved, width: Self.ringLength)
    ringExpected = take(whole.ringExpected, width: Self.ringLength)
  }
}
