import Testing

@Suite("Imports go down only")
struct ImportTests {
  private let package: PackageDescription

  init() async throws { package = try await PackageDescription.shared.value }

  /// Rooms that know no clock, no socket and no system.
  private static let pureRooms: Set = [
    "SeriesModel", "Baselines", "Detection", "Classification", "Replay", "Alerting",
  ]

  /// Who may see the C of a module.
  private static let importersOfC: [String: Set<String>] = [
    "CNanomsg": ["Nanomsg", "CBenchmarkFloors"],
    "CPostgres": ["Postgres", "CBenchmarkFloors"],
    "CMicrohttpd": ["HTTPServer"],
    "CCurl": ["Egress"],
    "CYAML": ["YAML"],
    "CCrypto": ["Cryptography"],
    "CPNG": ["Sparkline"],
    "CProtocPlugin": ["protoc-gen-tidemark"],
    "CArena": ["RPC"],
    "CTidemarkProto": contractRooms.union(["RPC"]),
    "CProtobufC": contractRooms.union([
      "RPC", "CTidemarkProto", "CArena", "CProtocPlugin",
      "protoc-gen-tidemark",
    ]),
    "CBenchmarkFloors": ["rpc-benchmark", "ingest-benchmark", "judgement-benchmark"],
  ]

  private static let contractRooms: Set = [
    "SeriesContract", "PointsContract", "EvidenceContract", "FindingsContract", "AnomalyContract",
    "DeliveryContract", "GatewayContract",
  ]

  @Test func `a room depends only on rooms that stand above it in the manifest`() throws {
    #expect(package.rooms.count > 40)
    for room in package.rooms {
      let own = try #require(package.manifestOrder[room.name], "\(room.name)")
      for dependency in room.dependencies {
        let other = try #require(package.manifestOrder[dependency], "\(dependency)")
        #expect(other < own, "\(room.name) looks up to \(dependency)")
      }
    }
  }

  @Test func `a file imports only what its room declares`() throws {
    let names = Set(package.rooms.map(\.name))
    for room in package.rooms {
      let allowed = Set(room.dependencies)
      for source in room.sources where source.hasSuffix(".swift") {
        let path = "\(room.path)/\(source)"
        for entry in PackageDescription.imports(in: try PackageDescription.text(path))
        where names.contains(entry.module) {
          #expect(allowed.contains(entry.module), "\(path) imports \(entry.module)")
        }
      }
    }
  }

  @Test func `a C module has its own few importers, and none shows it to others`() throws {
    for room in package.rooms where room.kind != "test" {
      for dependency in room.dependencies where dependency.hasPrefix("C") {
        guard let importers = Self.importersOfC[dependency] else { continue }
        #expect(importers.contains(room.name), "\(room.name) depends on \(dependency)")
      }
      for source in room.sources where source.hasSuffix(".swift") {
        let path = "\(room.path)/\(source)"
        for entry in PackageDescription.imports(in: try PackageDescription.text(path)) {
          guard let importers = Self.importersOfC[entry.module] else { continue }
          #expect(importers.contains(room.name), "\(path) imports \(entry.module)")
          let isShown = entry.access == "public" && !Self.contractRooms.contains(room.name)
          #expect(!isShown || room.name == "RPC", "\(path) shows \(entry.module)")
        }
      }
    }
  }

  @Test func `pure rooms import pure rooms and nothing of the system`() throws {
    for name in Self.pureRooms {
      let room = try #require(package.room(name))
      #expect(Set(room.dependencies).isSubset(of: Self.pureRooms), "\(name)")
      for source in room.sources where source.hasSuffix(".swift") {
        let path = "\(room.path)/\(source)"
        let text = try PackageDescription.text(path)
        for entry in PackageDescription.imports(in: text) {
          #expect(
            Self.pureRooms.contains(entry.module) || Self.mathematics(path, entry.module),
            "\(path) imports \(entry.module)")
        }
        #expect(text.contains(" async ") == false, "\(path) waits")
      }
    }
  }

  /// Logarithm and power come from the C library, which has nothing else to offer a pure room.
  private static func mathematics(_ path: String, _ module: String) -> Bool {
    module == "Glibc"
  }

  @Test func `no room but the tests imports Foundation`() throws {
    for room in package.rooms where room.kind != "test" && room.name != "TestSupport" {
      for source in room.sources where source.hasSuffix(".swift") {
        let path = "\(room.path)/\(source)"
        let modules = PackageDescription.imports(in: try PackageDescription.text(path))
          .map(\.module)
        #expect(modules.contains("Foundation") == false, "\(path)")
      }
    }
  }
}
