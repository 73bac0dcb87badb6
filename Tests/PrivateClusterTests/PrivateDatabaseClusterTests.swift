import Foundation
import Glibc
import Postgres
import Testing

@testable import PrivateCluster

@Suite("Private cluster", .serialized)
struct PrivateDatabaseClusterTests {
  @Test func `it is made, answers, keeps its data and leaves no process behind`() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let first = PrivateDatabaseCluster(.fixture(folder.path))
    let address = try await first.start()
    try await run(address, "CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)")
    await first.stop()
    #expect(folder.servers.isEmpty)

    let second = PrivateDatabaseCluster(.fixture(folder.path))
    let kept = try await query(try await second.start(), "SELECT id FROM kept")
    await second.stop()
    #expect(kept == [7])
    #expect(folder.servers.isEmpty)
  }

  @Test func `a folder that is in use is refused by name`() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let first = PrivateDatabaseCluster(.fixture(folder.path))
    _ = try await first.start()
    let second = PrivateDatabaseCluster(.fixture(folder.path))
    let error = await #expect(throws: PrivateClusterError.self) { _ = try await second.start() }
    await first.stop()
    #expect(error?.code == .inUse)
    #expect(error?.detail.contains(folder.path) == true)
  }

  @Test func `kill -9 of the server leaves a note that the next start gets over`() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let first = PrivateDatabaseCluster(.fixture(folder.path, durability: .durable))
    try await run(
      try await first.start(), "CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)")
    let server = try #require(folder.note)
    kill(server.processID, SIGKILL)
    await first.stop()

    let second = PrivateDatabaseCluster(.fixture(folder.path, durability: .durable))
    let kept = try await query(try await second.start(), "SELECT id FROM kept")
    await second.stop()
    #expect(kept == [7])
  }

  @Test func `a server whose starter was killed is taken over and then stopped`() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let starter = PrivateDatabaseCluster(.fixture(folder.path))
    _ = try await starter.start()
    let server = try #require(folder.note)
    starter.forget()

    let heir = PrivateDatabaseCluster(.fixture(folder.path))
    let one = try await query(try await heir.start(), "SELECT 1")
    #expect(one == [1])
    #expect(folder.note?.processID == server.processID)
    await heir.stop()
    #expect(folder.servers.isEmpty)
  }

  @Test func `a long folder name gets its socket elsewhere`() async throws {
    let folder = try TemporaryFolder(suffix: "/" + String(repeating: "long", count: 25))
    defer { folder.remove() }
    let cluster = PrivateDatabaseCluster(.fixture(folder.path))
    let address = try await cluster.start()
    let one = try await query(address, "SELECT 1")
    await cluster.stop()
    #expect(one == [1])
    #expect(address.contains(folder.path) == false)
  }

  @Test(.enabled(if: getuid() == 0))
  func `root under a 0700 folder gets its data where the server's user can reach`() async throws {
    let folder = try TemporaryFolder(mode: 0o700)
    defer { folder.remove() }
    let cluster = PrivateDatabaseCluster(.fixture(folder.path))
    let address = try await cluster.start()
    let server = try #require(folder.note)
    let one = try await query(address, "SELECT 1")
    let place = Folders.text(of: folder.path + "/place")
    await cluster.stop()
    #expect(one == [1])
    #expect(place?.hasPrefix("/var/lib/tidemark/") == true)
    #expect(address.contains("/run/tidemark/"))
    #expect(Folders.exists("/proc/\(server.processID)/exe") == false)
    let socket = try #require(address.split(separator: "'").dropFirst().first)
    #expect(Folders.exists(String(socket)) == false)
  }

  @Test(.enabled(if: getuid() == 0))
  func `root's server runs as another user`() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let cluster = PrivateDatabaseCluster(.fixture(folder.path))
    _ = try await cluster.start()
    var status = stat()
    let server = try #require(folder.note)
    #expect(stat("/proc/\(server.processID)", &status) == 0)
    await cluster.stop()
    #expect(status.st_uid != 0)
  }

  @Test func `other roles need a password`() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let cluster = PrivateDatabaseCluster(.fixture(folder.path))
    let admin = try await cluster.start()
    try await run(admin, "CREATE ROLE visitor LOGIN PASSWORD 'right'")
    let right = cluster.address(user: "visitor", password: "right", database: "postgres")
    let wrong = cluster.address(user: "visitor", password: "wrong", database: "postgres")
    #expect(try await query(right, "SELECT 1") == [1])
    let error = await #expect(throws: PostgresError.self) { _ = try await query(wrong, "SELECT 1") }
    await cluster.stop()
    #expect("\(String(describing: error))".contains("wrong") == false)
  }
}

@Suite("Notes of a server")
struct ServerNoteTests {
  @Test func `a ready server is told from one that starts`() throws {
    let lines = "321\n/data\n1700000000\n5432\n/socket\n\n  5432 7\n"
    #expect(try #require(ServerNote(text: lines + "ready   \n")).isReady)
    #expect(try #require(ServerNote(text: lines + "starting\n")).isReady == false)
    #expect(try #require(ServerNote(text: lines + "ready   \n")).socketFolder == "/socket")
  }

  @Test("what is no note is none", arguments: ["", "\n", "word\n/data", "1\n/data", "0\n/data"])
  func notANote(text: String) {
    #expect(ServerNote(text: text) == nil)
  }

  @Test func `the number of another process is not our server`() throws {
    let note = try #require(ServerNote(text: "\(getpid())\n/data\n"))
    #expect(note.isRunning(data: "/data") == false)
  }
}

@Suite("Programs of PostgreSQL")
struct ClusterProgramsTests {
  @Test func `data of a version that is not installed is refused by both numbers`() {
    let error = #expect(throws: PrivateClusterError.self) {
      _ = try ClusterPrograms.find(dataVersion: "9")
    }
    #expect(error?.code == .programsMissing)
    #expect(error?.detail.contains("PostgreSQL 9") == true)
  }

  @Test func `a machine without PostgreSQL is told what to install`() {
    let error = #expect(throws: PrivateClusterError.self) {
      _ = try ClusterPrograms.find(dataVersion: nil, root: "/nowhere")
    }
    #expect(error?.detail.contains("install the package postgresql") == true)
  }
}

extension ClusterConfiguration {
  static func fixture(
    _ folder: String, durability: ClusterDurability = .throwAway
  ) -> ClusterConfiguration {
    ClusterConfiguration(folder: folder, durability: durability, sharedBuffersMebibytes: 16)
  }
}

/// A folder for one test.
private final class TemporaryFolder {
  let path: String
  private let top: String

  init(suffix: String = "", mode: mode_t = 0o755) throws {
    var template = Array("/tmp/tidemark-cluster-XXXXXX\0".utf8CString)
    let made = try #require(mkdtemp(&template))
    top = String(cString: made)
    chmod(top, mode)
    path = top + "/project" + suffix
  }

  /// Takes it away with what root's server keeps elsewhere, when the server has stopped.
  func remove() {
    let elsewhere = Folders.text(of: path + "/place")?.split(separator: "\n").first
    for folder in [top] + (elsewhere.map { [String($0)] } ?? []) {
      try? FileManager.default.removeItem(atPath: folder)
    }
  }

  private var home: String {
    if let place = Folders.text(of: path + "/place")?.split(separator: "\n").first {
      return String(place)
    }
    return getuid() == 0 ? path + "/cluster" : path
  }

  var note: ServerNote? { ServerNote(at: home + "/data/postmaster.pid") }

  /// Running servers over this folder's data.
  var servers: [String] {
    Folders.names(in: "/proc").filter {
      Int($0) != nil
        && Folders.text(of: "/proc/\($0)/cmdline")?.contains(home + "/data") == true
    }
  }
}

private func query(_ address: String, _ statement: PostgresStatement) async throws -> [Int64] {
  let pool = PostgresPool(
    configuration: PostgresConfiguration(url: address, applicationName: "test"), size: 1)
  do {
    let rows = try await pool.query(statement)
    await pool.close()
    return rows.map { $0.int64(0) }
  } catch {
    await pool.close()
    throw error
  }
}

private func run(_ address: String, _ script: PostgresStatement) async throws {
  let pool = PostgresPool(
    configuration: PostgresConfiguration(url: address, applicationName: "test"), size: 1)
  try await pool.withConnection { connection in try connection.executeScript(script) }
  await pool.close()
}
