internal import HTTPServer
internal import Locking
internal import ServiceRuntime

/// The HTTP server as a part of the service.
final class HTTPEdge: Service {
  let name = "gateway-http"
  private let address: String
  private let handler: HTTPServer.Handler
  private let server = Locked<HTTPServer?>(nil)
  private let (stops, stopper) = AsyncStream<Void>.makeStream()

  init(address: String, handler: @escaping HTTPServer.Handler) {
    self.address = address
    self.handler = handler
  }

  var boundAddress: String? { server.withLock { $0?.boundAddress.description } }

  func start() async throws {
    let made = try HTTPServer(
      address: HTTPAddress(parsing: address), describe: PublicResponse.describe, handler: handler)
    server.withLock { $0 = made }
  }

  func run() async throws {
    for await _ in stops { break }
    await server.withLock { $0 }?.stop()
  }

  func shutDown() async { stopper.finish() }
}
