internal import CCurl

/// The meaning of an outcome that is not a success.
///
/// A status is a refusal only when it is a mail server's reply: one of HTTP, whose answer then
/// broke off, says nothing.
func failure(of outcome: TransferOutcome, isMail: Bool) -> EgressError {
  if outcome.isHeadTooLong {
    return EgressError(
      .answerTooLong, "the head of the answer exceeds \(Transfer.headBytesLimit) bytes")
  }
  if outcome.refusedAddress && !outcome.triedAddress {
    return EgressError(.refusedAddress, "the destination has no address that may be reached")
  }
  switch outcome.result {
  case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL:
    return EgressError(.invalidRequest, outcome.detail)
  case CURLE_COULDNT_RESOLVE_HOST:
    return EgressError(.resolve, outcome.detail)
  case CURLE_COULDNT_CONNECT:
    return EgressError(.connect, outcome.detail)
  case CURLE_OPERATION_TIMEDOUT:
    return EgressError(.timeout, outcome.detail)
  case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM,
    CURLE_SSL_CIPHER, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_USE_SSL_FAILED,
    CURLE_SSL_INVALIDCERTSTATUS:
    return EgressError(.tls, outcome.detail)
  default:
    break
  }
  let isRefusal = isMail && isMailRefusal(outcome.result)
  // libcurl gives the code of the reply that it failed for, but for refused credentials.
  let isRefusalCode = (400..<600).contains(outcome.status)
  let reply = isRefusalCode ? outcome.status : Int(outcome.refusalLine.prefix(3)) ?? 0
  switch reply {
  case 400..<500 where isRefusal:
    return EgressError(.transientReply, outcome.refusalLine, replyCode: reply)
  case 500..<600 where isRefusal:
    return EgressError(.permanentReply, outcome.refusalLine, replyCode: reply)
  default:
    return EgressError(.brokenExchange, outcome.detail)
  }
}

/// Whether libcurl ended because of what a mail server replied.
private func isMailRefusal(_ result: CURLcode) -> Bool {
  [
    CURLE_SEND_ERROR, CURLE_WEIRD_SERVER_REPLY, CURLE_LOGIN_DENIED, CURLE_REMOTE_ACCESS_DENIED,
    CURLE_RECV_ERROR,
  ].contains(result)
}
