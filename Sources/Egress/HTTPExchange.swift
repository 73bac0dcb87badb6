/// One header of a request or an answer.
public struct EgressHeader: Sendable, Hashable {
  /// The name, such as "Content-Type".
  public let name: String

  /// The value, without line breaks.
  public let value: String

  /// Pairs a name with its value.
  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// One HTTP request to the outside.
public struct EgressRequest: Sendable {
  /// The methods in use.
  public enum Method: String, Sendable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
  }

  /// How the body is to be taken.
  public var method: Method

  /// Where to; without a user name.
  public var url: String

  /// Added to those that HTTP itself needs.
  public var headers: [EgressHeader]

  /// What is sent; nothing is sent with a GET.
  public var body: [UInt8]

  /// Bound of the whole exchange, in milliseconds.
  public var totalMilliseconds: Int

  /// Bound of resolving, connecting and the TLS handshake, in milliseconds.
  public var connectMilliseconds: Int

  /// Gathers a request.
  public init(
    method: Method = .post, url: String, headers: [EgressHeader] = [], body: [UInt8] = [],
    totalMilliseconds: Int = 15_000, connectMilliseconds: Int = 5_000
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.totalMilliseconds = totalMilliseconds
    self.connectMilliseconds = connectMilliseconds
  }
}

/// The answer to an HTTP request; a redirect is an answer like any other.
public struct EgressResponse: Sendable, Hashable {
  /// Most bytes of a body that are read.
  public static let bodyBytesLimit = 65_536

  /// Such as 202.
  public let status: Int

  /// In the order they came.
  public let headers: [EgressHeader]

  /// At most ``bodyBytesLimit`` bytes.
  public let body: [UInt8]

  /// Whether there was more than is kept.
  public let isBodyCut: Bool

  /// What `Retry-After` asks for, in seconds from the answer.
  public let retryAfterSeconds: Int?

  /// From handing over the request to the end of the answer, in microseconds.
  public let durationMicroseconds: Int64

  /// The value of the first header of that name, whatever its case.
  public func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }
}
