"""A real SMTP server that keeps what it gets, for tests and the demo.

    mail_sink.py --folder DIR [--port 0] [--certificate PEM] [--user NAME --password PASSWORD]
                 [--refuse-recipient ADDRESS=REPLY ...] [--until-input-ends]

Prints "listening on 127.0.0.1:PORT". Each mail becomes a file mail-NNNNNN.eml in DIR, its envelope
in two headers put before it. With a certificate (PEM with its key) STARTTLS must be used; with a
user AUTH must be. Needs the PyPI package aiosmtpd.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import pathlib
import ssl
import sys
import threading

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Sink:
    """Keeps each mail as a file."""

    def __init__(self, folder: pathlib.Path, refusals: dict[str, str]) -> None:
        self.folder = folder
        self.refusals = refusals
        folder.mkdir(parents=True, exist_ok=True)
        # A second run goes on where the first one ended.
        self.count = len(list(folder.glob("mail-*.eml")))

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.count += 1
        content = envelope.original_content or envelope.content or b""
        head = (
            f"X-Envelope-From: {envelope.mail_from}\r\n"
            f"X-Envelope-To: {','.join(envelope.rcpt_tos)}\r\n")
        path = self.folder / f"mail-{self.count:06}.eml"
        unfinished = path.with_suffix(".part")
        unfinished.write_bytes(head.encode() + content)
        unfinished.rename(path)
        return f"250 taken as {self.count}"


async def serve(options: argparse.Namespace) -> None:
    context = None
    if options.certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options.certificate)
    sink = Sink(options.folder, dict(pair.split("=", 1) for pair in options.refuse_recipient))

    def authenticate(server, session, envelope, mechanism, data) -> AuthResult:
        is_known = isinstance(data, LoginPassword) and (
            data.login == (options.user or "").encode()
            and data.password == (options.password or "").encode())
        return AuthResult(success=is_known, handled=False)

    def session() -> SMTP:
        return SMTP(
            sink, hostname="mail-sink", tls_context=context, require_starttls=context is not None,
            authenticator=authenticate, auth_required=options.user is not None,
            auth_require_tls=context is not None, enable_SMTPUTF8=True)

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", options.port)
    port = server.sockets[0].getsockname()[1]
    print(f"mail sink listening on 127.0.0.1:{port}", flush=True)
    async with server:
        await server.serve_forever()


def end_with_input() -> None:
    """Ends with whoever holds the other end of the input, however that ended."""
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=True, type=pathlib.Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--certificate")
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--refuse-recipient", action="append", default=[])
    parser.add_argument("--until-input-ends", action="store_true")
    options = parser.parse_args()
    if options.until_input_ends:
        threading.Thread(target=end_with_input, daemon=True).start()
    try:
        asyncio.run(serve(options))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
