import Locking
import PointsContract
import RPC
import SeriesContract
import SeriesModel
import ServiceRuntime

/// The services of a running house, as the client's settings name them.
struct HouseClient {
  /// The services that commands call.
  static let backends = ["ingest", "baseline", "classifier", "notifier", "gateway"]

  /// The settings by which services are reached.
  static let keys: Set<String> = Set(backends.map { "\($0)-url" }).union([
    "caller-key-file", "insecure-plaintext", "tls-ca-file", "tls-certificate-key-file",
  ])

  /// Settings that are read with them and are for those who serve.
  static let keysOfServers: Set<String> = ["listen-url", "trusted-callers-file"]

  private let settings: RPCSettings

  /// Reads `<service>-url` of each service, keys and certificates.
  init(reading reader: ConfigurationReader) {
    var settings = RPCSettings(reading: reader, listenURLs: [])
    let isPlaintextAllowed = reader.boolean(
      "insecure-plaintext", help: "allow tcp:// without TLS")
    for backend in Self.backends {
      let urls = reader.list(
        "\(backend)-url", default: [], help: "addresses of \(backend), one a replica")
      for url in urls {
        if url.hasPrefix("tcp://") && !isPlaintextAllowed {
          reader.refuse(url, "is without TLS, which insecure-plaintext must allow")
        } else if url.hasPrefix("tls+tcp://") && settings.tls == nil {
          reader.refuse(url, "needs tls-ca-file and tls-certificate-key-file")
        }
      }
      settings.backendURLs[backend] = urls
    }
    self.settings = settings
  }

  /// Calls a service for as long as the body runs.
  func with<Result>(
    _ backend: String, _ body: (RPCBalancer) async throws -> Result
  ) async throws -> Result {
    guard settings.backendURLs[backend]?.isEmpty == false else {
      throw CommandError(
        "no address of \(backend) is known: give --\(backend)-url, or run this beside a running"
          + " `make demo` or `tidemark up`")
    }
    let caller = try settings.caller(to: backend)
    defer { caller.close() }
    return try await body(caller)
  }

  /// What is odd about a customer that a setting names: one that nobody knows yet may be a slip of
  /// the pen.
  ///
  /// Nil where nothing is, or where ingest cannot be asked: what was set is set.
  func notice(ofCustomer name: String) async -> String? {
    do {
      let customer = try await with("ingest") { caller in
        var request = GetCustomerRequest()
        request.customer = name
        return try await IngestClient(caller).getCustomer(request, options: CallOptions()).customer
      }
      guard let id = customer?.externalID, id != name else { return nil }
      return "note: a scope names a customer by its external id, which is \(oneLine(id))"
    } catch let error as RPCError where error.code == .notFound {
      return "note: there is no customer \(oneLine(name)) yet"
    } catch {
      return nil
    }
  }

  /// What is odd about a metric that a setting names: one that nobody knows yet may be a slip of the
  /// pen.
  ///
  /// Nil where nothing is, or where ingest cannot be asked: what was set is set.
  func notice(ofMetric name: String) async -> String? {
    do {
      let isKnown = try await with("ingest") { caller in
        var request = ListMetricsRequest()
        var page = Page()
        page.pageSize = 1_000
        repeat {
          request.page = page
          let answer = try await IngestClient(caller).listMetrics(request, options: CallOptions())
          if answer.metrics.contains(where: { $0.name == name }) { return true }
          page.pageToken = answer.nextPageToken
        } while !page.pageToken.isEmpty
        return false
      }
      return isKnown ? nil : "note: there is no metric \(oneLine(name)) yet"
    } catch {
      return nil
    }
  }

  /// How one address is called that the command line names.
  func settings(url: String, service: String?) -> RPCClientSettings {
    // Caller tokens name whom they are for.
    let backend = service ?? settings.backendURLs.first { $0.value.contains(url) }?.key
    return RPCClientSettings(backend: backend, tls: settings.tls, identity: settings.identity)
  }
}
