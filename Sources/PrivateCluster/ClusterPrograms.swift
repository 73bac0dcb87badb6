/// PostgreSQL's programs as Debian lays them out.
struct ClusterPrograms: Sendable {
  /// The folder of `initdb` and `postgres`.
  let folder: String

  var initdb: String { folder + "/initdb" }
  var postgres: String { folder + "/postgres" }

  /// The programs that made the data, or the newest when there is no data yet.
  static func find(
    dataVersion: String?, root: String = "/usr/lib/postgresql"
  ) throws(PrivateClusterError) -> ClusterPrograms {
    let versions = Folders.names(in: root)
      .filter { Int($0) != nil && Folders.exists("\(root)/\($0)/bin/postgres") }
      .sorted { (Int($0) ?? 0) < (Int($1) ?? 0) }
    guard let newest = versions.last else {
      throw PrivateClusterError(
        .programsMissing, "no PostgreSQL under \(root); install the package postgresql")
    }
    guard let dataVersion else { return ClusterPrograms(folder: "\(root)/\(newest)/bin") }
    guard versions.contains(dataVersion) else {
      throw PrivateClusterError(
        .programsMissing,
        "the data was made by PostgreSQL \(dataVersion), here is \(versions.joined(separator: ", "))"
      )
    }
    return ClusterPrograms(folder: "\(root)/\(dataVersion)/bin")
  }
}
