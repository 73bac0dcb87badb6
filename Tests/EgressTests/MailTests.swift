import Locking
import Testing

@testable import Egress

@Suite("Mail to the outside")
struct MailTests {
  private let message = MailMessage(
    from: "tidemark@example.org", recipients: ["ada@example.org"],
    content: Array("Subject: x\r\n\r\n.a line\r\n..\r\nlast\r\n".utf8))

  /// A server that takes everything but what the replies say otherwise, and keeps what it heard.
  private func server(
    _ replies: [String: String] = [:], heard: Locked<[String]> = Locked([])
  ) -> ScriptedServer {
    ScriptedServer { peer in
      peer.say("220 sink\r\n")
      while let line = peer.line() {
        heard.withLock { $0.append(line) }
        let verb = String(line.prefix(4)).uppercased()
        if verb == "DATA", replies["DATA"] == nil {
          peer.say("354 go\r\n")
          while let text = peer.line(), text != "." { heard.withLock { $0.append(text) } }
          peer.say((replies["."] ?? "250 taken as 17") + "\r\n")
        } else {
          peer.say((replies[verb] ?? "250 fine") + "\r\n")
        }
      }
    }
  }

  private func mail(
    to server: ScriptedServer, _ protection: MailServer.Protection = .insecure,
    isAllowed: Bool = true, username: String? = nil,
    limits: MailClient.Limits = MailClient.Limits()
  ) throws -> MailClient {
    let policy = EgressPolicy(privateHosts: isAllowed ? ["localhost:\(server.port)"] : [])
    return try MailClient(
      server: MailServer(
        host: "localhost", port: server.port, protection: protection, username: username,
        password: username.map { _ in "secret" }, greeting: "tidemark.example"),
      policy: policy, limits: limits)
  }

  private func failure(
    _ client: MailClient, _ message: MailMessage
  ) async -> EgressError? {
    do {
      _ = try await client.send(message)
      return nil
    } catch {
      return error
    }
  }

  @Test func `a message goes through as it is and the server's word is kept`() async throws {
    let heard = Locked<[String]>([])
    let server = server(heard: heard)
    defer { server.stop() }
    let receipt = try await mail(to: server).send(message)
    #expect(receipt.replyCode == 250)
    #expect(receipt.reply == "250 taken as 17")
    let lines = heard.withLock { $0 }
    #expect(lines.first == "EHLO tidemark.example")
    #expect(lines.contains { $0.hasPrefix("MAIL FROM:<tidemark@example.org>") })
    #expect(lines.contains("RCPT TO:<ada@example.org>"))
    // A line that begins with a dot is doubled, or it could end the message.
    #expect(lines.contains("..a line") && lines.contains("..."))
  }

  @Test(arguments: [
    ("MAIL", "451 busy", EgressError.Code.transientReply, 451),
    ("RCPT", "450 greylisted", .transientReply, 450),
    ("RCPT", "550 nobody here", .permanentReply, 550),
    ("DATA", "554 no", .permanentReply, 554), (".", "452 full", .transientReply, 452),
    (".", "552 too big", .permanentReply, 552), ("EHLO", "421 later", .transientReply, 421),
  ])
  func `a refusal is told by its reply`(
    step: String, reply: String, code: EgressError.Code, replyCode: Int
  ) async throws {
    let server = server([step: reply, "HELO": reply])
    defer { server.stop() }
    let error = try await failure(mail(to: server), message)
    #expect(error?.code == code)
    #expect(error?.replyCode == replyCode)
    #expect(error?.mayPassLater == (code == .transientReply))
  }

  @Test func `without STARTTLS nothing is said where it is required`() async throws {
    let heard = Locked<[String]>([])
    let server = server(heard: heard)
    defer { server.stop() }
    let error = try await failure(mail(to: server, .startTLS, username: "ada"), message)
    #expect(error?.code == .tls)
    #expect(heard.withLock { !$0.contains { $0.hasPrefix("MAIL") || $0.hasPrefix("AUTH") } })
  }

  @Test func `credentials are never sent in the clear`() async throws {
    let server = server()
    defer { server.stop() }
    let error = try await failure(mail(to: server, username: "ada"), message)
    #expect(error?.code == .invalidRequest)
    #expect(server.connections == 0)
  }

  @Test func `a private mail server must be allowed by name`() async throws {
    let server = server()
    defer { server.stop() }
    let error = try await failure(mail(to: server, isAllowed: false), message)
    #expect(error?.code == .refusedAddress)
    #expect(server.connections == 0)
  }

  @Test func `a server that hangs after it took the message has taken it`() async throws {
    let server = ScriptedServer { peer in
      peer.say("220 sink\r\n")
      while let line = peer.line() {
        if line == "QUIT" { peer.hang() }
        peer.say(line == "DATA" ? "354 go\r\n" : "250 fine\r\n")
        if line == "DATA" {
          while let text = peer.line(), text != "." {}
          peer.say("250 taken\r\n")
        }
      }
    }
    defer { server.stop() }
    let limits = MailClient.Limits(replySeconds: 1)
    let receipt = try await mail(to: server, limits: limits).send(message)
    #expect(receipt.reply == "250 taken")
  }

  @Test func `a server that hangs is a timeout`() async throws {
    let server = ScriptedServer { peer in peer.hang() }
    defer { server.stop() }
    let client = try mail(to: server, limits: MailClient.Limits(totalMilliseconds: 100))
    #expect(await failure(client, message)?.code == .timeout)
  }

  @Test(arguments: [
    "ada", "@example.org", "ada@", "ada@example.org>\r\nRCPT TO:<eve@example.org",
    "a b@example.org",
    "ada@exam\u{0}ple.org", "ada@example.org\n", "<ada@example.org>", "ada@@example.org",
    "ada,eve@example.org", "ada@exa_mple.org", "ada@example..org", "ädä@example.org", "",
  ])
  func `what is not a plain address is refused`(address: String) async throws {
    #expect(!MailAddress.isValid(address))
    let server = server()
    defer { server.stop() }
    let client = try mail(to: server)
    let recipient = MailMessage(from: "a@example.org", recipients: [address], content: [])
    let sender = MailMessage(from: address, recipients: ["a@example.org"], content: [])
    #expect(await failure(client, recipient)?.code == .invalidRequest)
    #expect(await failure(client, sender)?.code == .invalidRequest)
    #expect(server.connections == 0)
  }

  @Test(arguments: ["ada@example.org", "a.b+c@x.example", "o'neil@localhost"])
  func `plain addresses are taken`(address: String) {
    #expect(MailAddress.isValid(address))
  }
}
