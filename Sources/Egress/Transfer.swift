internal import CCurl
internal import Glibc

/// What came of one transfer, before its protocol gives it a meaning.
struct TransferOutcome: Sendable {
  var result: CURLcode = CURLE_OK
  var status = 0
  var replyLine = ""
  var refusalLine = ""
  var headers: [EgressHeader] = []
  var body: [UInt8] = []
  var isBodyCut = false
  var isHeadTooLong = false
  var refusedAddress = false
  var triedAddress = false
  var retryAfterSeconds = 0
  var durationMicroseconds: Int64 = 0
  var detail = ""
}

/// One libcurl handle with what its callbacks fill.
///
/// `@unchecked Sendable`: made by the caller, then handed to the thread of ``TransferLoop``, which
/// alone touches it from there on; libcurl runs the callbacks on that thread only.
final class Transfer: @unchecked Sendable {
  static let headBytesLimit = 65_536

  let number: UInt64
  let easy: UnsafeMutableRawPointer
  private(set) var outcome = TransferOutcome()
  private let finish: @Sendable (Result<TransferOutcome, EgressError>) -> Void
  private let allowsPrivate: Bool
  private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
  private var headerList: UnsafeMutablePointer<curl_slist>?
  private var recipientList: UnsafeMutablePointer<curl_slist>?
  private var upload: [UInt8] = []
  private var uploadOffset = 0
  private var headBytes = 0
  private var isAnswered = false
  private var settingFailure: EgressError?

  init(
    number: UInt64, allowsPrivate: Bool,
    finish: @escaping @Sendable (Result<TransferOutcome, EgressError>) -> Void
  ) throws(EgressError) {
    guard let easy = curl_easy_init() else {
      throw EgressError(.invalidRequest, "no memory for a transfer")
    }
    self.number = number
    self.easy = easy
    self.allowsPrivate = allowsPrivate
    self.finish = finish
    errorText.update(repeating: 0, count: Int(CURL_ERROR_SIZE))
    setCallbacks()
  }

  deinit {
    curl_easy_cleanup(easy)
    curl_slist_free_all(headerList)
    curl_slist_free_all(recipientList)
    errorText.deallocate()
  }

  /// The first setting that libcurl refused, thrown before anything is sent.
  func check() throws(EgressError) {
    if let settingFailure { throw settingFailure }
  }

  func set(_ option: CURLoption, _ value: Int) {
    note(option, tidemark_curl_set_number(easy, option, value))
  }

  func set(_ option: CURLoption, bytes value: Int) {
    note(option, tidemark_curl_set_size(easy, option, curl_off_t(value)))
  }

  func set(_ option: CURLoption, _ value: String) {
    note(option, tidemark_curl_set_text(easy, option, value))
  }

  func setHeaders(_ lines: [String]) {
    for line in lines { headerList = curl_slist_append(headerList, line) }
    note(CURLOPT_HTTPHEADER, tidemark_curl_set_pointer(easy, CURLOPT_HTTPHEADER, headerList))
  }

  func setRecipients(_ addresses: [String]) {
    for address in addresses { recipientList = curl_slist_append(recipientList, "<\(address)>") }
    note(CURLOPT_MAIL_RCPT, tidemark_curl_set_pointer(easy, CURLOPT_MAIL_RCPT, recipientList))
  }

  func setBody(_ bytes: [UInt8]) {
    set(CURLOPT_POSTFIELDSIZE_LARGE, bytes: bytes.count)
    let result = bytes.withUnsafeBytes { buffer in
      // libcurl takes its own copy; it wants an address even for nothing.
      let empty = UnsafeMutableRawPointer(mutating: UnsafeRawPointer(errorText))
      let start = buffer.baseAddress.map { UnsafeMutableRawPointer(mutating: $0) } ?? empty
      return tidemark_curl_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, start)
    }
    note(CURLOPT_COPYPOSTFIELDS, result)
  }

  func setUpload(_ bytes: [UInt8]) {
    upload = bytes
    set(CURLOPT_UPLOAD, 1)
    set(CURLOPT_INFILESIZE_LARGE, bytes: bytes.count)
  }

  /// Reports the end of the transfer; the loop calls it once.
  func complete(_ result: CURLcode) {
    outcome.result = result
    var number = 0
    if tidemark_curl_get_number(easy, CURLINFO_RESPONSE_CODE, &number) == CURLE_OK {
      outcome.status = number
    }
    var size: curl_off_t = 0
    if tidemark_curl_get_size(easy, CURLINFO_RETRY_AFTER, &size) == CURLE_OK {
      outcome.retryAfterSeconds = Int(size)
    }
    if tidemark_curl_get_size(easy, CURLINFO_TOTAL_TIME_T, &size) == CURLE_OK {
      outcome.durationMicroseconds = Int64(size)
    }
    let text = String(cString: errorText)
    outcome.detail = printable(text.isEmpty ? String(cString: curl_easy_strerror(result)) : text)
    finish(.success(outcome))
  }

  /// Reports that the transfer was given up; the loop calls it once.
  func abandon(_ error: EgressError) {
    finish(.failure(error))
  }

  private func note(_ option: CURLoption, _ result: CURLcode) {
    guard result != CURLE_OK, settingFailure == nil else { return }
    let reason = String(cString: curl_easy_strerror(result))
    settingFailure = EgressError(.invalidRequest, "option \(option.rawValue): \(reason)")
  }

  private func setCallbacks() {
    let context = Unmanaged.passUnretained(self).toOpaque()
    for option in [
      CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_READDATA, CURLOPT_OPENSOCKETDATA,
    ] {
      note(option, tidemark_curl_set_pointer(easy, option, context))
    }
    note(CURLOPT_ERRORBUFFER, tidemark_curl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText))
    note(
      CURLOPT_WRITEFUNCTION,
      tidemark_curl_set_transfer_callback(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, it in
        Transfer.of(it).received(UnsafeRawBufferPointer(start: bytes, count: size * count))
      })
    note(
      CURLOPT_HEADERFUNCTION,
      tidemark_curl_set_transfer_callback(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, it in
        Transfer.of(it).receivedLine(UnsafeRawBufferPointer(start: bytes, count: size * count))
      })
    note(
      CURLOPT_READFUNCTION,
      tidemark_curl_set_transfer_callback(easy, CURLOPT_READFUNCTION) { bytes, size, count, it in
        let room = UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
        return Transfer.of(it).fill(room)
      })
    note(
      CURLOPT_OPENSOCKETFUNCTION,
      tidemark_curl_set_socket_callback(easy) { it, _, address in
        Transfer.of(it).openSocket(address)
      })
  }

  private static func of(_ context: UnsafeMutableRawPointer?) -> Transfer {
    guard let context else { preconditionFailure("libcurl lost the context of a callback") }
    return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
  }
}

// What libcurl calls while a transfer runs.
extension Transfer {
  private func received(_ bytes: UnsafeRawBufferPointer) -> Int {
    let room = EgressResponse.bodyBytesLimit - outcome.body.count
    outcome.body.append(contentsOf: bytes.prefix(room))
    if bytes.count <= room { return bytes.count }
    outcome.isBodyCut = true
    return 0
  }

  private func receivedLine(_ bytes: UnsafeRawBufferPointer) -> Int {
    headBytes += bytes.count
    guard headBytes <= Self.headBytesLimit else {
      outcome.isHeadTooLong = true
      return 0
    }
    var line = String(decoding: bytes, as: UTF8.self)
    while line.last?.isNewline == true { line.removeLast() }
    guard !line.isEmpty else { return bytes.count }
    if !isAnswered { outcome.replyLine = printable(line) }
    // A server that has refused still answers our goodbye, which says nothing.
    if line.hasPrefix("4") || line.hasPrefix("5") { outcome.refusalLine = printable(line) }
    // The answer to a mail; what follows is the answer to our goodbye.
    isAnswered =
      !upload.isEmpty && uploadOffset == upload.count && !line.dropFirst(3).hasPrefix("-")
    if line.hasPrefix("HTTP/") {
      // An answer of the 100s came before; its headers are not those of the answer.
      outcome.headers.removeAll()
    } else if let colon = line.firstIndex(of: ":") {
      let value = line[line.index(after: colon)...]
      outcome.headers.append(
        EgressHeader(String(line[..<colon]), String(value.drop { $0 == " " || $0 == "\t" })))
    }
    return bytes.count
  }

  private func fill(_ room: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(room.count, upload.count - uploadOffset)
    room.copyBytes(from: upload[uploadOffset..<(uploadOffset + count)])
    uploadOffset += count
    return count
  }

  /// Opens the socket for the very address that will be connected to.
  ///
  /// The check stands here, after all resolving, so that a name that changes its address between
  /// a check and its use (DNS rebinding) cannot get past it.
  private func openSocket(_ address: UnsafeMutablePointer<curl_sockaddr>?) -> curl_socket_t {
    guard let address else { return -1 }
    var bytes = [UInt8](repeating: 0, count: 28)
    let count = tidemark_curl_address_bytes(address, &bytes, 28)
    let target = SocketAddress(
      family: address.pointee.family, socketAddress: Array(bytes.prefix(Int(count))))
    guard let target, allowsPrivate || target.isPublic else {
      outcome.refusedAddress = true
      return -1
    }
    outcome.triedAddress = true
    return socket(
      address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue),
      address.pointee.`protocol`)
  }
}

/// The text with anything that could disturb a log line replaced, cut at 512 bytes.
func printable(_ text: String) -> String {
  let kept = text.unicodeScalars.prefix(512).map { scalar in
    scalar.value < 0x20 || scalar.value > 0x7e ? "?" : Character(scalar)
  }
  return String(kept)
}
