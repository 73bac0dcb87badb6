"""The REST paths with curl, good and bad, and the examples that the README shows."""

from __future__ import annotations

import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile

from checks import Checks
from house import House

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent.parent / "examples"


class Curl:
    """curl against one gateway."""

    def __init__(self, house: House) -> None:
        self.base = f"http://{house.http()}"
        self.token = house.token

    def __call__(
        self, method: str, path: str, body: str | None = None, token: str | None = None,
        headers: tuple[str, ...] = (),
    ) -> tuple[int, str, dict]:
        """The status, the content type and the JSON of an answer."""
        token = self.token if token is None else token
        words = ["curl", "-sS", "-m", "20", "-X", method, self.base + path]
        words += ["-w", "\n%{http_code} %{content_type}"]
        if token:
            words += ["-H", f"Authorization: Bearer {token}"]
        for header in headers:
            words += ["-H", header]
        with tempfile.NamedTemporaryFile("w") as file:
            if body is not None:
                file.write(body)
                file.flush()
                words += ["--data-binary", f"@{file.name}"]
                if not any(header.lower().startswith("content-type") for header in headers):
                    words += ["-H", "Content-Type: application/json"]
            done = subprocess.run(words, capture_output=True, text=True)
        text, _, last = done.stdout.rpartition("\n")
        code, _, kind = last.partition(" ")
        try:
            parsed = json.loads(text) if text else {}
        except ValueError:
            parsed = {"not json": text}
        return int(code or 0), kind, parsed


def check_rest(checks: Checks, house: House) -> None:
    """The product's three endpoints."""
    curl = Curl(house)
    code, kind, answer = curl("GET", "/api/customers/zeta/usage/anomalies?page_size=5")
    checks.equal("GET anomalies", (code, kind.split(";")[0]), (200, "application/json"))
    anomalies = answer.get("anomalies", [])
    checks.check("GET anomalies lists the drop", len(anomalies) >= 1, answer)
    code, _, answer = curl(
        "POST", "/api/analytics/anomalies/scan", "{}", headers=('Idempotency-Key: "rest-1"',))
    checks.equal("POST scan", code, 202)
    code, _, again = curl(
        "POST", "/api/analytics/anomalies/scan", "{}", headers=('Idempotency-Key: "rest-1"',))
    checks.equal("POST scan again under its key", (code, again), (202, answer))
    if anomalies:
        path = f"/api/analytics/anomalies/{anomalies[0]['id']}/dismiss"
        code, _, answer = curl("PUT", path, '{"reason": "planned", "comment": "told us"}')
        checks.equal("PUT dismiss", code, 200)
        code, _, again = curl("PUT", path, '{"reason": "planned", "comment": "told us"}')
        checks.equal("PUT dismiss again", (code, again), (200, answer))
        check_bad_dismissals(checks, curl, path)
    check_problems(checks, curl)
    check_hostile_http(checks, house)


def problem(checks: Checks, name: str, wanted: int, got: tuple[int, str, dict]) -> None:
    """A refusal is a problem document that says its status and why."""
    code, kind, answer = got
    checks.equal(f"{name}: status", code, wanted)
    checks.equal(f"{name}: type", kind.split(";")[0], "application/problem+json")
    whole = answer.get("status") == wanted and answer.get("title") and answer.get("type")
    checks.check(f"{name}: says what is wrong", bool(whole), answer)


def check_bad_dismissals(checks: Checks, curl: Curl, path: str) -> None:
    """Bodies that are none."""
    problem(checks, "broken JSON", 400, curl("PUT", path, '{"reason": '))
    problem(checks, "a list for an object", 400, curl("PUT", path, "[1]"))
    problem(checks, "a number for a text", 400, curl("PUT", path, '{"reason": 7}'))
    problem(checks, "deep nesting", 400, curl("PUT", path, "[" * 200 + "]" * 200))
    long = json.dumps({"reason": "x" * 5_000})
    problem(checks, "a reason of 5,000 bytes", 400, curl("PUT", path, long))
    huge = json.dumps({"reason": "x" * 3_000_000})
    problem(checks, "a body of 3 MB", 413, curl("PUT", path, huge))
    text = curl("PUT", path, "reason=x", headers=("Content-Type: text/plain",))
    problem(checks, "a body that is no JSON by its type", 415, text)


def check_problems(checks: Checks, curl: Curl) -> None:
    """Requests that are refused, each in the form of RFC 9457."""
    listing = "/api/customers/zeta/usage/anomalies"
    problem(checks, "no token", 401, curl("GET", listing, token=""))
    problem(checks, "a wrong token", 401, curl("GET", listing, token="tm_nonsense"))
    unknown = curl("GET", "/api/customers/nobody/usage/anomalies")
    problem(checks, "an unknown customer", 404, unknown)
    problem(checks, "an unknown path", 404, curl("GET", "/api/nothing/here"))
    problem(checks, "a method that the path has not", 405, curl("DELETE", listing))
    problem(checks, "an unknown severity", 400, curl("GET", listing + "?severity=loud"))
    problem(checks, "a negative page", 400, curl("GET", listing + "?page_size=-1"))
    problem(checks, "a page that is no number", 400, curl("GET", listing + "?page_size=many"))
    problem(checks, "a foreign page token", 400, curl("GET", listing + "?page_token=nonsense"))
    nobody = "/api/analytics/anomalies/00000000-0000-4000-8000-000000000000/dismiss"
    problem(checks, "an unknown anomaly", 404, curl("PUT", nobody, '{"reason": "x"}'))


def check_hostile_http(checks: Checks, house: House) -> None:
    """Requests by which proxies and servers are set against each other."""
    host, port = house.http().split(":")
    cases = {
        "two lengths": "Content-Length: 2\r\nContent-Length: 3\r\n",
        "a length and chunks": "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        "an unknown encoding": "Transfer-Encoding: gzip\r\n",
    }
    for name, headers in cases.items():
        request = (
            f"POST /api/analytics/anomalies/scan HTTP/1.1\r\nHost: {host}\r\n"
            f"Authorization: Bearer {house.token}\r\n{headers}"
            "Content-Type: application/json\r\nConnection: close\r\n\r\n{}")
        answer = send_raw(host, int(port), request)
        checks.check(f"{name}: refused", re.match(r"HTTP/1.[01] 4\d\d", answer) is not None
                     or answer == "", answer[:200])


def send_raw(host: str, port: int, request: str) -> str:
    """Bytes over a socket, as no HTTP client would send them."""
    with socket.create_connection((host, port), timeout=10) as connection:
        connection.sendall(request.encode())
        answer = b""
        try:
            while piece := connection.recv(65_536):
                answer += piece
        except OSError:
            pass
    return answer.decode(errors="replace")


def check_examples(checks: Checks, house: House, caller: str) -> None:
    """The examples of the README run as they stand."""
    environment = {**os.environ, "TOKEN": house.token, "GATEWAY": f"http://{house.http()}"}
    done = subprocess.run(
        [EXAMPLES / "curl.sh", "zeta"], capture_output=True, text=True, env=environment)
    checks.check("examples/curl.sh runs", done.returncode == 0, done.stdout + done.stderr)
    checks.check("examples/curl.sh lists", '"anomalies"' in done.stdout, done.stdout)
    rpc = [house.url("gateway"), str(house.key(caller)), caller, "zeta"]
    done = subprocess.run(
        [sys.executable, EXAMPLES / "python_client.py", *rpc], capture_output=True, text=True,
        env=environment, timeout=120)
    checks.check("examples/python_client.py runs", done.returncode == 0, done.stderr)
    checks.check("examples/python_client.py scans", "scan: 100%" in done.stdout, done.stdout)
    swift = house.binaries / "tidemark-example"
    done = subprocess.run([swift, *rpc], capture_output=True, text=True, env=environment)
    checks.check("examples/swift runs", done.returncode == 0, done.stderr)
    checks.check("examples/swift lists", "Zeta" in done.stdout, done.stdout)
