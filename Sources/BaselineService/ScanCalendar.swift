import Baselines
import SeriesModel
import SeriesStore

/// The calendar as runs ask it, with the clocks of customers.
struct ScanCalendar: Sendable {
  let table: CalendarTable
  private let zones: ZoneFiles
  private let organisation: Zone

  /// Takes the zones of the system.
  ///
  /// - Throws: ``BaselineServiceError`` when the system does not know the organisation's zone.
  init(
    table: CalendarTable, zones: ZoneFiles, organisationZone name: String
  ) throws(BaselineServiceError) {
    guard let zone = zones.zone(name) else {
      throw BaselineServiceError(.unknownZone, "no time zone is called \"\(name)\"")
    }
    self.table = table
    self.zones = zones
    organisation = zone
  }

  /// The calendar that a run began with, for some of its series.
  func resolver(
    for run: ScanRun, customers: [Customer], metrics: [Metric]
  ) async throws -> CalendarResolver {
    CalendarResolver(
      try await table.calendar(asOf: run.calendarSequence), customers: customers,
      metrics: metrics, zone: zone)
  }

  /// The calendar as it is now, for some series.
  func newest(customers: [Customer], metrics: [Metric]) async throws -> CalendarResolver {
    CalendarResolver(
      try await table.newest(), customers: customers, metrics: metrics, zone: zone)
  }

  /// The first bucket of each series that the calendar says something else of than it did.
  func firstDifferences(
    _ change: CalendarChange, _ granularity: Granularity, through: [Int32],
    customers: [Customer], metrics: [Metric], members: [(customer: Int, metric: Int)]
  ) -> [Int32?] {
    change.firstDifferences(
      granularity, through: through, customers: customers, metrics: metrics, members: members,
      zone: zone)
  }

  /// The zone of a customer; ingest lets no customer in whose zone it does not know.
  func zone(_ name: String) -> Zone {
    name.isEmpty ? organisation : zones.zone(name) ?? organisation
  }
}
