internal import CMicrohttpd
internal import Glibc
internal import Locking

/// What libmicrohttpd calls, on its own threads.
enum HTTPCallbacks {
  /// A body that is a little too large is read and dropped up to this, in bytes, because a client
  /// that is still sending would not see an answer on a closed connection.
  static let discardedBytesLimit = 4 << 20

  static func start(
    _ settings: inout tidemark_mhd_settings, _ context: UnsafeMutableRawPointer
  ) -> OpaquePointer? {
    tidemark_mhd_start(
      &settings,
      { context, connection, _, method, _, upload, uploadSize, exchangePlace in
        guard let context, let connection, let method, let uploadSize,
          let place = exchangePlace?.pointee
        else { return .NO }
        let core = Unmanaged<HTTPServerCore>.fromOpaque(context).takeUnretainedValue()
        let exchange = Unmanaged<HTTPExchange>.fromOpaque(place).takeUnretainedValue()
        let count = uploadSize.pointee
        uploadSize.pointee = 0
        let piece = UnsafeRawBufferPointer(start: upload, count: count)
        return core.advance(exchange, connection, String(cString: method), piece)
      },
      { context, connection, exchangePlace, _ in
        guard let context, let connection, let place = exchangePlace?.pointee else { return }
        let core = Unmanaged<HTTPServerCore>.fromOpaque(context).takeUnretainedValue()
        let exchange = Unmanaged<HTTPExchange>.fromOpaque(place)
        exchangePlace?.pointee = nil
        core.exchanges.remove(exchange.takeRetainedValue())
        HTTPServerCore.connection(connection)?.enter(.header)
      },
      { _, target, _ in
        // Broken UTF-8 becomes an empty target, which is refused as no path.
        let text = target.flatMap { String(validatingCString: $0) } ?? ""
        return Unmanaged.passRetained(HTTPExchange(rawTarget: text)).toOpaque()
      },
      { context, connection, place, event in
        guard let context, let connection, let place else { return }
        let core = Unmanaged<HTTPServerCore>.fromOpaque(context).takeUnretainedValue()
        switch event {
        case .CONNECTION_NOTIFY_STARTED:
          let made = HTTPConnection(
            descriptor: tidemark_mhd_descriptor(connection),
            remoteAddress: PeerAddress.text(tidemark_mhd_address(connection)))
          core.connections.insert(made)
          place.pointee = Unmanaged.passRetained(made).toOpaque()
        default:
          guard let known = place.pointee else { return }
          place.pointee = nil
          core.connections.remove(
            Unmanaged<HTTPConnection>.fromOpaque(known).takeRetainedValue())
        }
      }, context)
  }
}

extension HTTPServerCore {
  static func connection(_ connection: OpaquePointer) -> HTTPConnection? {
    tidemark_mhd_socket_context(connection).map {
      Unmanaged<HTTPConnection>.fromOpaque($0).takeUnretainedValue()
    }
  }

  /// Takes the next step of an exchange: header, pieces of the body, end of the body, outcome.
  func advance(
    _ exchange: HTTPExchange, _ connection: OpaquePointer, _ method: String,
    _ piece: UnsafeRawBufferPointer
  ) -> MHD_Result {
    let peer = Self.connection(connection)
    if !exchange.hasBegun {
      exchange.hasBegun = true
      exchanges.insert(exchange)
      peer?.enter(.body, exchange)
      return begin(exchange, connection)
    }
    if !piece.isEmpty { return take(piece, exchange, connection) }
    if let fault = exchange.fault { return refuse(fault, exchange, connection) }
    switch exchange.outcome {
    case .answered(let response):
      peer?.enter(.response, exchange)
      return send(response, on: connection, closing: isStopping.withLock { $0 })
    case .refused(let fault): return refuse(fault, exchange, connection)
    case nil:
      guard !exchange.isHandled, let target = exchange.target else { return .YES }
      guard let headers = HTTPFraming.headers(of: connection) else {
        return refuse(.ambiguousFraming, exchange, connection)
      }
      peer?.enter(.handler, exchange)
      let request = HTTPRequest(
        method: method, target: target, headers: headers, body: exchange.body,
        remoteAddress: peer?.remoteAddress ?? "")
      exchange.body = []
      exchange.handle(request, on: connection, by: handler)
      return .YES
    }
  }

  private func begin(_ exchange: HTTPExchange, _ connection: OpaquePointer) -> MHD_Result {
    guard tidemark_mhd_header_size(connection) <= limits.headerBytesLimit else {
      return refuse(.headerTooLarge, exchange, connection)
    }
    guard let headers = HTTPFraming.headers(of: connection) else {
      return refuse(.ambiguousFraming, exchange, connection)
    }
    let (fault, length) = HTTPFraming.fault(in: headers)
    if let fault { return refuse(fault, exchange, connection) }
    if let length, length > limits.bodyBytesLimit {
      // Who waits for "100 Continue" has sent nothing yet; who does not is heard out for a while.
      guard length <= HTTPCallbacks.discardedBytesLimit, headers.values("Expect").isEmpty else {
        return refuse(.bodyTooLarge, exchange, connection)
      }
      exchange.fault = .bodyTooLarge
      return .YES
    }
    guard let target = HTTPTarget(exchange.rawTarget) else {
      return refuse(.badTarget, exchange, connection)
    }
    exchange.target = target
    return .YES
  }

  private func take(
    _ piece: UnsafeRawBufferPointer, _ exchange: HTTPExchange, _ connection: OpaquePointer
  ) -> MHD_Result {
    if exchange.fault == nil, exchange.body.count + piece.count <= limits.bodyBytesLimit {
      exchange.body.append(contentsOf: piece)
      return .YES
    }
    exchange.fault = exchange.fault ?? .bodyTooLarge
    exchange.body = []
    exchange.discarded += piece.count
    // libmicrohttpd takes no answer in the midst of a body: to say no is to close.
    return exchange.discarded <= HTTPCallbacks.discardedBytesLimit ? .YES : .NO
  }

  private func refuse(
    _ fault: HTTPFault, _ exchange: HTTPExchange, _ connection: OpaquePointer
  ) -> MHD_Result {
    Self.connection(connection)?.enter(.response, exchange)
    return send(describe(fault), on: connection, closing: true)
  }

  private func send(
    _ response: HTTPResponse, on connection: OpaquePointer, closing: Bool
  ) -> MHD_Result {
    // libmicrohttpd copies the bytes at once; it only declares them mutable.
    let made = response.body.withUnsafeBytes {
      MHD_create_response_from_buffer(
        $0.count, UnsafeMutableRawPointer(mutating: $0.baseAddress),
        MHD_ResponseMemoryMode.RESPMEM_MUST_COPY)
    }
    guard let made else { return .NO }
    defer { MHD_destroy_response(made) }
    for field in response.headers.fields {
      // A name or value that would break the frame is refused here, and the connection with it.
      guard MHD_add_response_header(made, field.name, field.value) == .YES else { return .NO }
    }
    if closing { MHD_add_response_header(made, "Connection", "close") }
    return MHD_queue_response(connection, UInt32(response.status), made)
  }
}

/// The digits of an address.
enum PeerAddress {
  static func text(_ address: UnsafePointer<sockaddr>?) -> String {
    guard let address else { return "" }
    var text = [CChar](repeating: 0, count: 64)
    let size =
      address.pointee.sa_family == sa_family_t(AF_INET6)
      ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
    let result = getnameinfo(
      address, socklen_t(size), &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
    guard result == 0 else { return "" }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
