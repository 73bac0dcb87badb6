"""Where a house of tests sends to: a mail server, and an endpoint with PagerDuty's rules."""

from __future__ import annotations

import dataclasses
import email
import email.policy
import json
import pathlib
import re
import subprocess
import sys
import time
import urllib.request

from house import House

HERE = pathlib.Path(__file__).resolve().parent
ROUTING_KEY = "0123456789abcdef0123456789abcdef"
READY_SECONDS = 20


@dataclasses.dataclass(frozen=True)
class Received:
    """One message that arrived: by which way, and the key by which it is the same again."""

    kind: str
    key: str


class Sinks:
    """Two processes, and the routes of the house's notifier that lead to them."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.mail = house.folder / "mail"
        self.processes: list[subprocess.Popen] = []
        self.events_address = ""

    def start(self) -> None:
        """Starts both and tells the house's notifier of them."""
        mail = self.begin("mail_sink.py", self.mail)
        events = self.begin("pagerduty_rules.py", self.house.folder / "events")
        self.events_address = f"http://127.0.0.1:{events}"
        key = self.house.secret(self.house.folder / "routing-key", ROUTING_KEY)
        routes = self.house.folder / "routes.yaml"
        routes.write_text(f"""
receivers:
  - name: on-call
    pagerduty:
      url: {self.events_address}/v2/enqueue
      routing-key-file: {key}
      events-per-minute: 100000
  - name: owner
    incident-per: anomaly
    email:
      smarthost: smtp://127.0.0.1:{mail}
      from: tidemark@example.org
      to: [owner]
      fallback-to: nobody@example.org
      insecure-plaintext: true
route:
  receiver: owner
  group_by: ['...']
  group_wait: 0s
  group_interval: 1ms
  routes:
    - receiver: on-call
      matchers: ['severity="critical"']
      continue: true
    - receiver: owner
""")
        self.house.extra["notifier"].update({
            "routes-file": str(routes),
            "egress-allow-private": ["127.0.0.1"],
            "egress-allow-plaintext": [f"127.0.0.1:{events}"],
            "retry-first-seconds": 1,
        })

    def begin(self, program: str, folder: pathlib.Path) -> int:
        """Starts one and gives its port."""
        process = subprocess.Popen(
            [sys.executable, HERE / program, "--folder", folder], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.processes.append(process)
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            line = process.stdout.readline()
            found = re.search(r"listening on 127\.0\.0\.1:(\d+)", line)
            if found:
                return int(found.group(1))
            if not line:
                break
        raise RuntimeError(f"{program} did not start")

    def events(self) -> dict:
        """What the endpoint took and refused."""
        with urllib.request.urlopen(f"{self.events_address}/fake/events", timeout=10) as answer:
            return json.load(answer)

    def received(self) -> list[Received]:
        """Everything that arrived, in no order.

        An event is known by its deduplication key and action, a mail by its Message-ID, which
        holds the id of its delivery.
        """
        found = []
        for entry in self.events()["events"]:
            event = entry["event"]
            found.append(Received("pagerduty", f"{event['dedup_key']} {event['event_action']}"))
        for path in sorted(self.mail.glob("mail-*.eml")):
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            found.append(Received("email", mail["Message-ID"].strip("<>").split("@")[0].lower()))
        return found

    def faults(self) -> list[list[str]]:
        """What the rules had against events that came."""
        return self.events()["refused"]

    def stop(self) -> None:
        """Ends both."""
        for process in self.processes:
            process.terminate()
            process.wait(10)
        self.processes.clear()
