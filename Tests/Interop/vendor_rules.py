"""A stand-in for a vendor's HTTP interface that holds requests against the vendor's published rules.

It is not the vendor and says so in each answer. Usage:

    vendor_rules.py --vendor NAME --folder DIR [--port 0] [--set KEY=VALUE ...]
                    [--until-input-ends]

The rules of a vendor stand in `rules_NAME.py`, a module with a class `Rules`:

    __init__(self, settings: dict[str, list[str]])   what --set gave, such as {"token": ["abc"]}
    answer(self, request: Request) -> Answer         called for one request at a time

Prints "fake NAME listening on 127.0.0.1:PORT". Each request becomes a file of its own in DIR, with
what the rules have against it and what was answered. For tests: GET /fake/requests gives them all,
GET /fake/requests?count=3 once there are so many (504 after 30 seconds), and PUT /fake/answers takes a list of answers to give instead of holding a request against the
rules:

    {"status": 429, "retry-after": 1, "body": "slow down", "content-type": "text/plain"}
    {"status": 302, "location": "http://elsewhere"}
    {"hang": true}               no answer at all, for 600 seconds or "seconds"
    {"slow": 0.05}               the status at once, then a byte of the body every so many seconds;
                                 also together with a status
    {"cut": true}                the connection is closed without an answer
    {"accept-then": 503}         the rules take it, and then that status is said
    {}                           as the rules have it
"""

from __future__ import annotations

import argparse
import base64
import dataclasses
import http.server
import importlib
import json
import os
import pathlib
import sys
import threading
import time
import urllib.parse


@dataclasses.dataclass
class Request:
    """What was asked."""

    method: str
    path: str
    query: dict[str, list[str]]
    # Names in lower case.
    headers: dict[str, str]
    body: bytes

    def json(self) -> object:
        """The body, or ValueError."""
        return json.loads(self.body)

    def bearer(self) -> str | None:
        kind, _, token = self.headers.get("authorization", "").partition(" ")
        return token if kind == "Bearer" else None

    def basic(self) -> tuple[str, str] | None:
        kind, _, text = self.headers.get("authorization", "").partition(" ")
        if kind != "Basic":
            return None
        name, _, password = base64.b64decode(text).decode().partition(":")
        return name, password

    def is_json(self) -> bool:
        return self.headers.get("content-type", "").split(";")[0].strip() == "application/json"


@dataclasses.dataclass
class Answer:
    """What is answered: a text as it is, anything else as JSON."""

    status: int
    body: object = ""
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    content_type: str | None = None
    # What the rules have against the request.
    faults: list[str] = dataclasses.field(default_factory=list)
    # What the request did, in the rules' own word, such as "posted".
    effect: str = ""


class Ledger:
    """What was asked and answered, and what is to be answered next."""

    def __init__(self, folder: pathlib.Path, rules: object) -> None:
        self.lock = threading.Condition()
        self.folder = folder
        self.rules = rules
        self.kept: list[dict] = []
        self.answers: list[dict] = []
        folder.mkdir(parents=True, exist_ok=True)
        # A second run goes on where the first one ended.
        self.count = len(list(folder.glob("request-*.json")))

    def next_answer(self) -> dict:
        with self.lock:
            return self.answers.pop(0) if self.answers else {}

    def hold(self, request: Request) -> Answer:
        """Holds a request against the rules."""
        with self.lock:
            return self.rules.answer(request)

    def keep(self, request: Request, answer: Answer | None, told: object) -> None:
        """Notes a request; without an answer the rules did not see it."""
        try:
            body = json.loads(request.body)
        except ValueError:
            body = request.body.decode("utf-8", "replace")
        with self.lock:
            self.count += 1
            entry = {
                "method": request.method, "path": request.path, "query": request.query,
                "headers": request.headers, "bytes": len(request.body), "body": body,
                "seen": answer is not None, "effect": answer.effect if answer else "",
                "faults": answer.faults if answer else [], "answer": told,
            }
            self.kept.append(entry)
            path = self.folder / f"request-{self.count:06}.json"
            unfinished = path.with_suffix(".part")
            unfinished.write_text(json.dumps(entry, indent=1, ensure_ascii=False) + "\n", "utf-8")
            unfinished.rename(path)
            self.lock.notify_all()

    def wait(self, count: int) -> Answer:
        """All that was asked, once it is so much."""
        with self.lock:
            is_there = self.lock.wait_for(lambda: len(self.kept) >= count, timeout=30)
            return Answer(200 if is_there else 504, list(self.kept))


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as the vendor does, or as a test wants it."""

    protocol_version = "HTTP/1.1"
    sys_version = ""
    ledger: Ledger

    def do_GET(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/fake/requests":
            count = urllib.parse.parse_qs(url.query).get("count", ["0"])[0]
            self.say(self.ledger.wait(int(count)))
        else:
            self.take()

    def do_POST(self) -> None:
        self.take()

    def do_PATCH(self) -> None:
        self.take()

    def do_PUT(self) -> None:
        if self.path == "/fake/answers":
            wanted = json.loads(self.content())
            with self.ledger.lock:
                self.ledger.answers = wanted
            self.say(Answer(200, {}))
        else:
            self.take()

    def content(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def take(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        request = Request(
            method=self.command, path=url.path, query=urllib.parse.parse_qs(url.query),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.content())
        wanted = self.ledger.next_answer()
        if wanted.get("hang") or wanted.get("cut"):
            self.ledger.keep(request, None, wanted)
            if wanted.get("hang"):
                time.sleep(float(wanted.get("seconds", 600)))
            self.close_connection = True
            return
        if "status" in wanted:
            answer = Answer(
                wanted["status"], wanted.get("body", "as asked for, by a fake"),
                content_type=wanted.get("content-type"))
            for name in ("retry-after", "location"):
                if name in wanted:
                    answer.headers[name.title()] = str(wanted[name])
            self.ledger.keep(request, None, wanted)
            self.say(answer, pause=float(wanted.get("slow", 0)))
            return
        answer = self.ledger.hold(request)
        if "accept-then" in wanted:
            told = Answer(wanted["accept-then"], "taken, but said otherwise, by a fake")
        else:
            told = answer
        self.ledger.keep(request, answer, {"status": told.status, "body": told.body})
        self.say(told, pause=float(wanted.get("slow", 0)))

    def say(self, answer: Answer, pause: float = 0) -> None:
        is_text = isinstance(answer.body, str)
        content = (answer.body if is_text else json.dumps(answer.body)).encode()
        kind = answer.content_type or ("text/html" if is_text else "application/json")
        try:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if pause == 0:
                self.wfile.write(content)
                return
            for byte in content:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(pause)
        except (BrokenPipeError, ConnectionResetError):
            # Whoever asked did not wait for the answer.
            self.close_connection = True

    def log_message(self, *arguments: object) -> None:
        """Says nothing: the files are the record."""


def end_with_input() -> None:
    """Ends with whoever holds the other end of the input, however that ended."""
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--vendor", required=True)
    parser.add_argument("--folder", required=True, type=pathlib.Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--until-input-ends", action="store_true")
    options = parser.parse_args()
    if options.until_input_ends:
        threading.Thread(target=end_with_input, daemon=True).start()
    settings: dict[str, list[str]] = {}
    for pair in options.set:
        key, _, value = pair.partition("=")
        settings.setdefault(key, []).append(value)
    rules = importlib.import_module(f"rules_{options.vendor}").Rules(settings)
    Handler.ledger = Ledger(options.folder, rules)
    Handler.server_version = f"Fake-{options.vendor}/1"
    server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    server.daemon_threads = True
    print(f"fake {options.vendor} listening on 127.0.0.1:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    # The rules import what stands here under the module's name, not under that of the program.
    sys.modules["vendor_rules"] = sys.modules["__main__"]
    main()
