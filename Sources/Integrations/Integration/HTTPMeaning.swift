public import Egress

extension SendResult {
  /// The meaning of an exchange that failed.
  public init(failure error: EgressError) {
    let isUncertain = error.code == .timeout || error.code == .brokenExchange
    self.init(
      outcome: error.mayPassLater ? .retry(afterSeconds: nil) : .refused,
      failure: FailureReason(error), answer: error.description, mayHaveArrived: isUncertain)
  }

  /// The usual meaning of an answer: the 200s are taken, 408, 429 and the 500s pass, all others
  /// are final.
  ///
  /// - Parameters:
  ///   - response: The answer.
  ///   - detail: What the other side says is wrong; not shown where the answer is good.
  public init(_ response: EgressResponse, detail: String = "") {
    let words = detail.isEmpty ? "\(response.status)" : "\(response.status): \(detail)"
    switch response.status {
    case 200..<300:
      self.init(outcome: .taken, answer: "\(response.status)")
    case 408, 429:
      self.init(
        outcome: .retry(afterSeconds: response.retryAfterSeconds),
        failure: response.status == 429 ? .rateLimited : .serverError, answer: words)
    case 500...599:
      self.init(
        outcome: .retry(afterSeconds: response.retryAfterSeconds), failure: .serverError,
        answer: words, mayHaveArrived: true)
    case 401, 403, 407:
      self.init(outcome: .refused, failure: .authError, answer: words)
    default:
      self.init(outcome: .refused, failure: .clientError, answer: words)
    }
  }
}

extension FailureReason {
  /// The reason of an exchange that failed.
  public init(_ error: EgressError) {
    switch error.code {
    case .timeout: self = .contextDeadlineExceeded
    case .cancelled, .closed: self = .contextCanceled
    case .invalidRequest, .refusedProtocol, .refusedAddress, .permanentReply: self = .clientError
    case .transientReply, .brokenExchange, .answerTooLong: self = .serverError
    case .resolve, .connect, .tls: self = .other
    }
  }
}
