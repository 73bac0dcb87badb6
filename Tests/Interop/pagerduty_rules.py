"""A stand-in for PagerDuty's Events API v2 that holds events against its published rules.

It is not PagerDuty and says so in each answer. Usage:

    pagerduty_rules.py --folder DIR [--port 0] [--key KEY ...] [--until-input-ends]

Prints "listening on 127.0.0.1:PORT". Each accepted event becomes a file of its own in DIR. Without
--key every well-formed routing key is known. For tests: GET /fake/events gives what was accepted
and the alerts' states; PUT /fake/answers takes a list of answers to give instead of accepting, such
as [{"status": 429, "retry-after": 1}, {"status": 500}, {"hang": true}, {"accept-then": 500}].
"""

from __future__ import annotations

import argparse
import datetime
import http.server
import json
import pathlib
import os
import re
import sys
import threading
import time

BYTES_LIMIT = 512_000
ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")
TOP_FIELDS = {
    "routing_key", "event_action", "dedup_key", "client", "client_url", "images", "links",
    "payload",
}
CHANGE_FIELDS = {"routing_key", "payload", "links"}
CHANGE_PAYLOAD_FIELDS = {"summary", "source", "timestamp", "custom_details"}
PAYLOAD_FIELDS = {
    "summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details",
}


def faults_of(event: object) -> list[str]:
    """What the published rules have against an event."""
    if not isinstance(event, dict):
        return ["the event must be an object"]
    found = [f"'{name}' is not a field" for name in sorted(set(event) - TOP_FIELDS)]
    if not re.fullmatch(r"[A-Za-z0-9]{32}", str(event.get("routing_key", ""))):
        found.append("'routing_key' must be 32 letters and digits")
    action = event.get("event_action")
    if action not in ACTIONS:
        found.append("'event_action' must be trigger, acknowledge or resolve")
    key = event.get("dedup_key", "")
    if not isinstance(key, str) or len(key) > 255:
        found.append("'dedup_key' must be a text of at most 255 characters")
    if action in ("acknowledge", "resolve") and not key:
        found.append("'dedup_key' is missing")
    for link in event.get("links", []):
        if not isinstance(link, dict) or not isinstance(link.get("href"), str):
            found.append("a link needs a 'href'")
    for image in event.get("images", []):
        if not isinstance(image, dict) or not str(image.get("src", "")).startswith("https://"):
            found.append("an image needs a 'src' with https")
    if action == "trigger":
        found += faults_of_payload(event.get("payload"))
    return found


def faults_of_payload(payload: object) -> list[str]:
    """What the published rules have against the payload of a trigger."""
    if not isinstance(payload, dict):
        return ["'payload' is missing"]
    found = [f"'payload.{name}' is not a field" for name in sorted(set(payload) - PAYLOAD_FIELDS)]
    for name in ("summary", "source", "severity"):
        if not isinstance(payload.get(name), str) or not payload[name]:
            found.append(f"'payload.{name}' is missing or blank")
    if len(str(payload.get("summary", ""))) > 1024:
        found.append("'payload.summary' is longer than 1024 characters")
    if payload.get("severity") not in SEVERITIES:
        found.append("'payload.severity' must be critical, error, warning or info")
    for name in ("component", "group", "class"):
        if not isinstance(payload.get(name, ""), str):
            found.append(f"'payload.{name}' must be a text")
    if not isinstance(payload.get("custom_details", {}), dict):
        found.append("'payload.custom_details' must be an object")
    if "timestamp" in payload:
        try:
            datetime.datetime.fromisoformat(str(payload["timestamp"]).replace("Z", "+00:00"))
        except ValueError:
            found.append("'payload.timestamp' is not ISO 8601")
    return found


def faults_of_change(event: object) -> list[str]:
    """What the published rules have against a change event."""
    if not isinstance(event, dict):
        return ["the event must be an object"]
    found = [f"'{name}' is not a field" for name in sorted(set(event) - CHANGE_FIELDS)]
    if not re.fullmatch(r"[A-Za-z0-9]{32}", str(event.get("routing_key", ""))):
        found.append("'routing_key' must be 32 letters and digits")
    if str(event.get("routing_key", "")).startswith("R"):
        found.append("'routing_key' is one of a ruleset")
    payload = event.get("payload")
    if not isinstance(payload, dict):
        return found + ["'payload' is missing"]
    found += [
        f"'payload.{name}' is not a field" for name in sorted(set(payload) - CHANGE_PAYLOAD_FIELDS)]
    if not isinstance(payload.get("summary"), str) or not payload["summary"].strip():
        found.append("'payload.summary' is missing or blank")
    if len(str(payload.get("summary", ""))) > 1024:
        found.append("'payload.summary' is longer than 1024 characters")
    if not isinstance(payload.get("custom_details", {}), dict):
        found.append("'payload.custom_details' must be an object")
    for link in event.get("links", []):
        if not isinstance(link, dict) or not isinstance(link.get("href"), str):
            found.append("a link needs a 'href'")
    return found


class Ledger:
    """The accepted events, and the alerts that they opened and closed."""

    def __init__(self, folder: pathlib.Path, keys: list[str]) -> None:
        self.lock = threading.Lock()
        self.folder = folder
        self.keys = set(keys)
        self.events: list[dict] = []
        self.refused: list[list[str]] = []
        self.answers: list[dict] = []
        # By routing key and dedup key, because a key resolves only what it opened.
        self.alerts: dict[str, str] = {}
        folder.mkdir(parents=True, exist_ok=True)
        # A second run goes on where the first one ended.
        self.count = len(list(folder.glob("event-*.json")))

    def next_answer(self) -> dict:
        with self.lock:
            return self.answers.pop(0) if self.answers else {}

    def accept(self, event: dict) -> str:
        """Takes an event that is in order, as PagerDuty would; gives its dedup key."""
        with self.lock:
            self.count += 1
            number = self.count
            key = event.get("dedup_key") or f"made-up-{number}"
            alert = f"{event['routing_key']}/{key}"
            if "event_action" not in event:
                effect = "changed"
            elif event["event_action"] == "trigger":
                effect = "updated" if self.alerts.get(alert) == "open" else "opened"
                self.alerts[alert] = "open"
            elif self.alerts.get(alert) == "open":
                effect = "resolved" if event["event_action"] == "resolve" else "acknowledged"
                self.alerts[alert] = "resolved" if effect == "resolved" else "open"
            else:
                # The API accepts it and then drops it.
                effect = "dropped"
            kept = {"effect": effect, "received": time.time(), "event": event}
            self.events.append(kept)
            text = json.dumps(kept, indent=1, ensure_ascii=False)
            path = self.folder / f"event-{number:06}.json"
            unfinished = path.with_suffix(".part")
            unfinished.write_text(text + "\n", "utf-8")
            unfinished.rename(path)
            return key


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as the Events API does."""

    protocol_version = "HTTP/1.1"
    server_version = "FakePagerDuty/1 (not PagerDuty)"
    sys_version = ""
    ledger: Ledger

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path not in ("/v2/enqueue", "/v2/change/enqueue"):
            self.answer(404, {"message": "there are only /v2/enqueue and /v2/change/enqueue"})
            return
        wanted = self.ledger.next_answer()
        if wanted.get("hang"):
            time.sleep(float(wanted.get("seconds", 600)))
            self.close_connection = True
            return
        if "status" in wanted:
            headers = {}
            if "retry-after" in wanted:
                headers["Retry-After"] = str(wanted["retry-after"])
            self.answer(wanted["status"], {"status": "as asked for"}, headers)
            return
        self.take(body, wanted.get("accept-then"))

    def take(self, body: bytes, status_after: int | None) -> None:
        if len(body) > BYTES_LIMIT:
            self.answer(413, {"message": "the event is too large"})
            return
        if "application/json" not in (self.headers.get("Content-Type") or ""):
            self.refuse(["Content-Type must be application/json"])
            return
        try:
            event = json.loads(body)
        except ValueError:
            self.refuse(["the body is not JSON"])
            return
        is_change = self.path == "/v2/change/enqueue"
        faults = faults_of_change(event) if is_change else faults_of(event)
        if not faults and self.ledger.keys and event["routing_key"] not in self.ledger.keys:
            faults = ["'routing_key' is not known"]
        if faults:
            self.refuse(faults)
            return
        key = self.ledger.accept(event)
        if status_after:
            self.answer(status_after, {"status": "taken, but said otherwise"})
            return
        self.answer(
            202, {"status": "success", "message": "Event processed (by a fake)", "dedup_key": key})

    def refuse(self, faults: list[str]) -> None:
        with self.ledger.lock:
            self.ledger.refused.append(faults)
        self.answer(
            400, {"status": "invalid event", "message": "Event object is invalid", "errors": faults})

    def do_GET(self) -> None:
        if self.path != "/fake/events":
            self.answer(405, {"message": "only POST"})
            return
        with self.ledger.lock:
            state = {
                "events": self.ledger.events, "refused": self.ledger.refused,
                "alerts": self.ledger.alerts,
            }
            self.answer(200, state)

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path != "/fake/answers":
            self.answer(405, {"message": "only POST"})
            return
        with self.ledger.lock:
            self.ledger.answers = json.loads(body)
        self.answer(200, {})

    def answer(self, status: int, body: dict, headers: dict[str, str] | None = None) -> None:
        content = json.dumps(body).encode()
        try:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):
            # Whoever asked did not wait for the answer.
            self.close_connection = True

    def log_message(self, *arguments: object) -> None:
        """Says nothing: the files and the counts are the record."""


def end_with_input() -> None:
    """Ends with whoever holds the other end of the input, however that ended."""
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=True, type=pathlib.Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", action="append", default=[])
    parser.add_argument("--until-input-ends", action="store_true")
    options = parser.parse_args()
    if options.until_input_ends:
        threading.Thread(target=end_with_input, daemon=True).start()
    Handler.ledger = Ledger(options.folder, options.key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    server.daemon_threads = True
    print(f"fake PagerDuty listening on 127.0.0.1:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
