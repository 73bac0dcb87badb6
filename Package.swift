// swift-tools-version: 6.2
import PackageDescription

// The rooms of Tidemark, ground floor first. A room imports only rooms that stand above it in
// this file; Tests/ArchitectureTests reads `swift package describe` and fails on any other edge.

/// Settings of every Swift room.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .treatAllWarnings(as: .error),
]

/// A library room under `Sources`.
func room(_ name: String, in folder: String? = nil, _ dependencies: [Target.Dependency] = [])
  -> Target
{
  .target(
    name: name, dependencies: dependencies, path: folder.map { "Sources/\($0)/\(name)" },
    swiftSettings: settings)
}

/// An executable whose one file only wires rooms together; what stands beside it is not compiled.
func frontDoor(_ name: String, at path: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies, path: path,
    exclude: name == "tidemark"
      ? ["README.md", "Dockerfile"]
      : ["README.md", "Dockerfile", "example.yaml", "\(name).service"],
    sources: ["main.swift"], swiftSettings: settings)
}

/// The tests of one room; all of them may use the fixtures of `TestSupport`.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: name, dependencies: dependencies + ["TestSupport", "Locking"], path: "Tests/\(name)",
    swiftSettings: settings)
}

/// A C library of the system, with the Debian package that holds its headers.
func systemRoom(_ name: String, debian package: String) -> Target {
  .systemLibrary(name: name, providers: [.apt([package])])
}

let cRooms: [Target] = [
  systemRoom("CNanomsg", debian: "libnng-dev"),
  systemRoom("CProtobufC", debian: "libprotobuf-c-dev"),
  systemRoom("CPostgres", debian: "libpq-dev"),
  systemRoom("CMicrohttpd", debian: "libmicrohttpd-dev"),
  systemRoom("CCurl", debian: "libcurl4-openssl-dev"),
  systemRoom("CYAML", debian: "libyaml-dev"),
  systemRoom("CCrypto", debian: "libssl-dev"),
  systemRoom("CPNG", debian: "libpng-dev"),
  .target(name: "CArena", dependencies: ["CProtobufC"]),
  .target(name: "CTidemarkProto", dependencies: ["CProtobufC"]),
  .target(name: "CProtocPlugin", dependencies: ["CProtobufC"]),
]

let waists: [Target] = [
  room("Locking"),
  room("JSON"),
  room("YAML", ["CYAML"]),
  room("Cryptography", ["CCrypto"]),
  room("Nanomsg", ["CNanomsg", "Locking"]),
  room("Postgres", ["CPostgres", "Locking"]),
  room("HTTPServer", ["CMicrohttpd", "Locking"]),
  room("Egress", ["CCurl", "Locking"]),
  room("Sparkline", ["CPNG"]),
  room("ServiceRuntime", ["Locking", "JSON", "YAML", "HTTPServer"]),
  room(
    "RPC",
    [
      "Nanomsg", "CArena", "CProtobufC", "CTidemarkProto", "Locking", "JSON", "YAML",
      "Cryptography", "ServiceRuntime",
    ]),
  room("WorkQueue", ["Postgres", "Locking", "ServiceRuntime"]),
]

let pureRooms: [Target] = [
  room("SeriesModel"),
  room("Baselines", ["SeriesModel"]),
  room("Detection", ["SeriesModel", "Baselines"]),
  room("Classification", ["SeriesModel", "Baselines", "Detection"]),
  room("Replay", ["SeriesModel", "Baselines", "Detection", "Classification"]),
  room("Alerting", ["SeriesModel"]),
  room(
    "Explaining",
    ["JSON", "SeriesModel", "Baselines", "Detection", "Classification", "Replay"]),
]

let contracts: [Target] = [
  room("SeriesContract", in: "Contracts", ["RPC", "CTidemarkProto", "CProtobufC", "SeriesModel"]),
  room(
    "PointsContract", in: "Contracts",
    ["RPC", "CTidemarkProto", "CProtobufC", "SeriesContract", "SeriesModel"]),
  room(
    "EvidenceContract", in: "Contracts",
    ["RPC", "CTidemarkProto", "CProtobufC", "SeriesContract", "SeriesModel", "Baselines"]),
  room(
    "FindingsContract", in: "Contracts",
    [
      "RPC", "CTidemarkProto", "CProtobufC", "SeriesContract", "EvidenceContract", "SeriesModel",
      "Baselines", "Detection",
    ]),
  room(
    "AnomalyContract", in: "Contracts",
    [
      "RPC", "CTidemarkProto", "CProtobufC", "SeriesContract", "EvidenceContract",
      "FindingsContract", "SeriesModel", "Classification",
    ]),
  room(
    "DeliveryContract", in: "Contracts",
    [
      "RPC", "CTidemarkProto", "CProtobufC", "SeriesContract", "AnomalyContract", "SeriesModel",
      "Alerting",
    ]),
  room(
    "GatewayContract", in: "Contracts",
    ["RPC", "CTidemarkProto", "CProtobufC", "SeriesContract", "AnomalyContract"]),
]

/// What all ways to a receiver have in common.
let integrationBase = room(
  "Integration", in: "Integrations",
  ["Locking", "JSON", "YAML", "Egress", "ServiceRuntime", "SeriesModel", "Alerting"])

/// The room of one vendor.
func integration(_ name: String, _ more: [Target.Dependency] = []) -> Target {
  room(
    name, in: "Integrations",
    [
      "Integration", "Alerting", "SeriesModel", "Egress", "ServiceRuntime", "YAML", "JSON",
      "Cryptography",
    ] + more)
}

/// The vendors, one room each; none knows another.
let vendors: [Target] = [
  integration("PagerDutyIntegration"),
  integration("EmailIntegration", ["Sparkline"]),
  integration("JiraIntegration"),
  integration("ServiceNowIntegration"),
  integration("SlackIntegration"),
  integration("TeamsIntegration"),
  integration("WebhookIntegration"),
  integration("AlertmanagerIntegration"),
]

let integrations: [Target] = [integrationBase] + vendors

let runtime: [Target.Dependency] = [
  "Locking", "JSON", "ServiceRuntime", "RPC", "Cryptography", "SeriesModel", "SeriesContract",
]
let stored: [Target.Dependency] = ["Postgres", "WorkQueue"]

let services: [Target] = [
  room("SeriesStore", ["Locking", "Postgres", "SeriesModel"]),
  room(
    "IngestService",
    runtime + stored + ["SeriesStore", "PointsContract", "EvidenceContract"]),
  room(
    "BaselineService",
    runtime + stored + [
      "SeriesStore", "Baselines", "Replay", "Explaining", "EvidenceContract",
      "FindingsContract",
    ]),
  room(
    "DetectorService",
    runtime + [
      "Baselines", "Detection", "EvidenceContract", "FindingsContract", "AnomalyContract",
    ]),
  room(
    "ClassifierService",
    runtime + stored + [
      "Baselines", "Detection", "Classification", "Explaining", "EvidenceContract",
      "FindingsContract", "AnomalyContract", "DeliveryContract",
    ]),
  room(
    "NotifierService",
    runtime + stored + [
      "YAML", "SeriesStore", "Egress", "Alerting", "Integration", "AnomalyContract",
      "DeliveryContract",
    ] + vendors.map { .target(name: $0.name) }),
  room(
    "GatewayService",
    runtime + stored + [
      "HTTPServer", "Classification", "PointsContract", "EvidenceContract", "AnomalyContract",
      "DeliveryContract", "GatewayContract",
    ]),
  room("PrivateCluster", ["Locking", "Cryptography"]),
  room(
    "CommandLineTool",
    runtime + stored + [
      "PrivateCluster", "HTTPServer", "SeriesStore", "Baselines", "Detection", "Classification",
      "Replay", "Alerting", "Explaining", "PointsContract",
      "EvidenceContract", "FindingsContract",
      "AnomalyContract", "DeliveryContract", "GatewayContract", "IngestService",
      "BaselineService", "DetectorService", "ClassifierService", "NotifierService",
      "GatewayService",
    ]),
]

let frontDoors: [Target] = [
  frontDoor("tidemark-ingest", at: "services/ingest", ["IngestService", "ServiceRuntime"]),
  frontDoor("tidemark-baseline", at: "services/baseline", ["BaselineService", "ServiceRuntime"]),
  frontDoor("tidemark-detector", at: "services/detector", ["DetectorService", "ServiceRuntime"]),
  frontDoor(
    "tidemark-classifier", at: "services/classifier", ["ClassifierService", "ServiceRuntime"]),
  frontDoor("tidemark-notifier", at: "services/notifier", ["NotifierService", "ServiceRuntime"]),
  frontDoor("tidemark-gateway", at: "services/gateway", ["GatewayService", "ServiceRuntime"]),
  frontDoor("tidemark", at: "services/tidemark", ["CommandLineTool"]),
  .executableTarget(
    name: "tidemark-example",
    dependencies: [
      "RPC", "GatewayContract", "AnomalyContract", "SeriesContract", "Cryptography",
      "ServiceRuntime",
    ],
    path: "examples/swift", swiftSettings: settings),
  .executableTarget(
    name: "protoc-gen-tidemark", dependencies: ["CProtocPlugin", "CProtobufC"],
    swiftSettings: settings),
]

let benchmarks: [Target] = [
  .target(
    name: "CBenchmarkFloors", dependencies: ["CNanomsg", "CPostgres"],
    path: "Benchmarks/CBenchmarkFloors",
    // C sources include the headers without importing the modules that name the libraries.
    linkerSettings: [.linkedLibrary("nng"), .linkedLibrary("pq")]),
  .executableTarget(
    name: "rpc-benchmark",
    dependencies: ["CBenchmarkFloors", "RPC", "PointsContract", "SeriesContract", "Locking"],
    path: "Benchmarks/rpc-benchmark", swiftSettings: settings),
  .executableTarget(
    name: "ingest-benchmark",
    dependencies: [
      "CBenchmarkFloors", "IngestService", "PointsContract", "SeriesContract", "SeriesModel",
      "RPC", "Postgres", "ServiceRuntime",
    ],
    path: "Benchmarks/ingest-benchmark", swiftSettings: settings),
  .executableTarget(
    name: "scan-benchmark",
    dependencies: [
      "BaselineService", "ClassifierService", "DetectorService", "EvidenceContract", "Locking",
      "Postgres", "RPC", "SeriesContract", "SeriesModel", "SeriesStore", "ServiceRuntime",
    ],
    path: "Benchmarks/scan-benchmark", swiftSettings: settings),
  .executableTarget(
    name: "judgement-benchmark",
    dependencies: [
      "CBenchmarkFloors", "Baselines", "Detection", "Replay", "SeriesModel", "ServiceRuntime",
    ],
    path: "Benchmarks/judgement-benchmark", swiftSettings: settings),
]

let testRooms: [Target] = [
  .target(name: "CSpawn", path: "Tests/CSpawn"),
  .target(
    name: "TestSupport", dependencies: ["CSpawn", "Postgres", "Locking"], path: "Tests/Support",
    swiftSettings: settings),
  tests("TestSupportTests", []),
  tests("ArchitectureTests", ["JSON"]),
  tests("JSONTests", ["JSON"]),
  tests("YAMLTests", ["YAML"]),
  tests("CryptographyTests", ["Cryptography"]),
  tests("NanomsgTests", ["Nanomsg"]),
  tests("PostgresTests", ["Postgres"]),
  tests("HTTPServerTests", ["HTTPServer"]),
  tests("EgressTests", ["Egress"]),
  tests("SparklineTests", ["Sparkline"]),
  tests("ServiceRuntimeTests", ["ServiceRuntime", "JSON", "HTTPServer"]),
  tests(
    "RPCTests",
    [
      "RPC", "Nanomsg", "PointsContract", "SeriesContract", "ServiceRuntime", "Cryptography",
      "JSON",
    ]),
  tests("WorkQueueTests", ["WorkQueue", "Postgres", "ServiceRuntime"]),
  tests("SeriesModelTests", ["SeriesModel"]),
  tests("BaselinesTests", ["Baselines", "SeriesModel"]),
  tests("DetectionTests", ["Detection", "Baselines", "SeriesModel"]),
  tests("ClassificationTests", ["Classification", "Baselines", "Detection", "SeriesModel"]),
  tests("ReplayTests", ["Replay", "Baselines", "Detection", "Classification", "SeriesModel"]),
  tests("AlertingTests", ["Alerting", "SeriesModel"]),
  tests(
    "ContractsTests",
    [
      "RPC", "SeriesContract", "PointsContract", "EvidenceContract", "FindingsContract",
      "AnomalyContract", "DeliveryContract", "GatewayContract", "SeriesModel", "Baselines",
      "Detection", "Classification", "Alerting",
    ]),
  tests("SeriesStoreTests", ["SeriesStore", "Postgres", "SeriesModel"]),
  tests(
    "IngestServiceTests",
    [
      "IngestService", "PointsContract", "EvidenceContract", "SeriesContract", "SeriesModel",
      "SeriesStore", "RPC", "Postgres", "ServiceRuntime",
    ]),
  tests(
    "BaselineServiceTests",
    [
      "BaselineService", "DetectorService", "ClassifierService", "EvidenceContract",
      "FindingsContract",
      "AnomalyContract", "SeriesContract", "SeriesStore", "RPC", "Postgres", "WorkQueue",
      "ServiceRuntime", "SeriesModel", "Baselines", "Detection", "JSON",
    ]),
  tests(
    "ClassifierServiceTests",
    [
      "ClassifierService", "AnomalyContract", "EvidenceContract", "FindingsContract",
      "DeliveryContract", "SeriesContract", "SeriesModel", "Baselines", "Detection",
      "Classification", "Explaining", "JSON", "RPC", "ServiceRuntime", "Postgres", "WorkQueue",
    ]),
  tests(
    "IntegrationTests",
    [
      "Integration", "Alerting", "SeriesModel", "Egress", "JSON", "YAML", "ServiceRuntime",
      "Cryptography",
    ] + vendors.map { .target(name: $0.name) }),
  tests(
    "NotifierServiceTests",
    [
      "NotifierService", "Integration", "PagerDutyIntegration", "EmailIntegration",
      "DeliveryContract", "AnomalyContract", "SeriesContract", "SeriesModel", "Alerting", "Egress",
      "WorkQueue", "ServiceRuntime", "JSON", "RPC", "Postgres",
    ]),
  tests(
    "GatewayServiceTests",
    [
      "GatewayService", "GatewayContract", "AnomalyContract", "PointsContract", "EvidenceContract",
      "FindingsContract", "SeriesContract", "RPC", "Postgres", "JSON", "ServiceRuntime",
    ]),
  tests("PrivateClusterTests", ["PrivateCluster", "Postgres"]),
  tests(
    "CommandLineToolTests",
    [
      "CommandLineTool", "PrivateCluster", "JSON", "ServiceRuntime", "SeriesModel", "RPC",
      "Baselines", "EvidenceContract", "Classification", "ClassifierService",
    ]),
]

let package = Package(
  name: "tidemark",
  products: [
    .executable(name: "tidemark", targets: ["tidemark"]),
    .executable(name: "tidemark-ingest", targets: ["tidemark-ingest"]),
    .executable(name: "tidemark-baseline", targets: ["tidemark-baseline"]),
    .executable(name: "tidemark-detector", targets: ["tidemark-detector"]),
    .executable(name: "tidemark-classifier", targets: ["tidemark-classifier"]),
    .executable(name: "tidemark-notifier", targets: ["tidemark-notifier"]),
    .executable(name: "tidemark-gateway", targets: ["tidemark-gateway"]),
    .executable(name: "protoc-gen-tidemark", targets: ["protoc-gen-tidemark"]),
  ],
  targets: cRooms + waists + pureRooms + contracts + integrations + services + frontDoors
    + benchmarks + testRooms,
  swiftLanguageModes: [.v6]
)
