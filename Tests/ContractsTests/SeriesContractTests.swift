import RPC
import SeriesContract
import SeriesModel
import Testing

@Suite("Customers and metrics on the wire")
struct SeriesContractTests {
  static let customer = SeriesModel.Customer(
    id: CustomerID(high: 0x0123_4567_89ab_cdef, low: 0xfedc_ba98_7654_3210), externalID: "c-1",
    name: "DataFlow", segment: "large", region: "US", owner: "csm@example.com", zone: "UTC",
    annualValue: 12.5, version: 3)
  static let metric = SeriesModel.Metric(
    id: MetricID(7), name: "departures", dimensions: [Dimension(name: "origin", value: "JFK")],
    granularity: .day, kind: .count, polarity: .downIsGood, decimalPlaces: 2, onArrival: true,
    unit: "flights", displayName: "Departures")

  @Test("a customer and a metric come back as they were")
  func roundTrip() throws {
    let customer = SeriesContract.Customer(Self.customer)
    let bytes = try customer.wireBytes()
    let readCustomer = try SeriesContract.Customer(wireBytes: bytes)
    #expect(try SeriesModel.Customer(readCustomer, field: "customer") == Self.customer)
    let metric = try SeriesContract.Metric(
      wireBytes: try SeriesContract.Metric(Self.metric).wireBytes())
    #expect(try SeriesModel.Metric(metric, field: "metric") == Self.metric)
  }

  @Test("what breaks a limit is refused by the name of its field")
  func limits() {
    func refusal(_ change: (inout SeriesContract.Customer) -> Void) -> String? {
      var wire = SeriesContract.Customer(Self.customer)
      change(&wire)
      do throws(RPCError) {
        _ = try SeriesModel.Customer(wire, field: "customers[2]")
        return nil
      } catch {
        #expect(error.code == .invalidArgument)
        return error.details.first?.field
      }
    }
    #expect(refusal { $0.id = [1, 2] } == "customers[2].id")
    #expect(refusal { $0.externalID = "" } == "customers[2].external_id")
    #expect(refusal { $0.name = String(repeating: "é", count: 101) } == "customers[2].name")
    #expect(refusal { $0.annualValue = .nan } == "customers[2].annual_value")
    #expect(refusal { _ in } == nil)
  }

  @Test("a metric without a kind, with a wrong name or a dimension twice is refused")
  func metricLimits() {
    func refusal(_ change: (inout SeriesContract.Metric) -> Void) -> String? {
      var wire = SeriesContract.Metric(Self.metric)
      change(&wire)
      do throws(RPCError) {
        _ = try SeriesModel.Metric(wire, field: "metrics[0]")
        return nil
      } catch {
        return error.details.first?.field
      }
    }
    #expect(refusal { $0.kind = .unspecified } == "metrics[0].kind")
    #expect(refusal { $0.granularity = .init(rawValue: 9) } == "metrics[0].granularity")
    #expect(refusal { $0.name = "Departures" } == "metrics[0].name")
    #expect(refusal { $0.id = 0 } == "metrics[0].id")
    #expect(refusal { $0.dimensions += $0.dimensions } == "metrics[0].dimensions")
    #expect(refusal { $0.decimalPlaces = 7 } == "metrics[0].decimal_places")
  }

  @Test("a UUID reads what it writes, and nothing else")
  func uuids() {
    let id = WireUUID(high: 0x0123_4567_89ab_cdef, low: 0xfedc_ba98_7654_3210)
    #expect(id.text == "01234567-89ab-cdef-fedc-ba9876543210")
    #expect(WireUUID(text: id.text.uppercased()) == id)
    #expect(WireUUID(bytes: id.bytes) == id)
    #expect(WireUUID(text: "01234567-89ab-cdef-fedc-ba987654321") == nil)
    #expect(WireUUID(text: "01234567-89ab-cdef-fedc-ba987654321g") == nil)
    #expect(WireUUID(text: "0123456789ab-cdef-fedc-ba9876543210--") == nil)
    #expect(WireUUID(bytes: [1]) == nil)
  }
}
