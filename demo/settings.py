"""The settings files of the demo's services."""

from __future__ import annotations

import json
import os
import pathlib
import re

from programs import DemoError

# Whom each service calls.
CALLS = {
    "notifier": ["classifier"],
    "classifier": ["notifier", "baseline"],
    "detector": ["classifier"],
    "baseline": ["detector"],
    "ingest": ["baseline"],
    "gateway": ["ingest", "baseline", "classifier"],
}
CLIENT_CALLS = ["ingest", "baseline", "classifier", "notifier", "gateway"]
# What both receivers print once they listen.
SINK_READY = r"listening on 127\.0\.0\.1:(\d+)"


def secret(path: pathlib.Path, text: str) -> pathlib.Path:
    """Writes a file that only its owner may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w") as file:
        file.write(text + "\n")
    return path


def write(path: pathlib.Path, content: dict) -> None:
    """Writes a YAML file; JSON's values are YAML's."""
    path.write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in content.items()))


def write_service(house, name: str) -> None:
    """The file of one service: sockets, its key, its role in the database, whom it calls."""
    content: dict[str, object] = {
        "listen-url": [house.url(name)],
        "admin-address": "127.0.0.1:0",
        "caller-key-file": str(house.keys / f"{name}.key"),
        "trusted-callers-file": str(house.keys / "callers.yaml"),
    }
    for callee in CALLS[name]:
        content[f"{callee}-url"] = [house.url(callee)]
    if name != "detector":
        content["database-url-file"] = str(house.secrets / f"{name}.database")
    if name == "baseline":
        # The demo's data is all history: without this nobody would be told of it.
        content["notify-history"] = True
    if name == "gateway":
        content["http-address"] = "127.0.0.1:0"
    if name == "notifier":
        content |= notifier(house)
    write(house.home / f"{name}.yaml", content)


def notifier(house) -> dict[str, object]:
    """Critical anomalies go to PagerDuty, and all go by mail to the customer's owner.

    The demo tells of a whole year at once, hence no limit of events a minute.
    """
    key = secret(house.home / "pagerduty.key", "d3m0" * 8)
    events = f"127.0.0.1:{house.events['port']}"
    routes = {
        "receivers": [
            {"name": "on-call", "minimum-severity": "critical", "pagerduty": {
                "url": f"http://{events}/v2/enqueue", "routing-key-file": str(key),
                "events-per-minute": 100000}},
            {"name": "owners", "incident-per": "anomaly", "email": {
                "smarthost": f"smtp://127.0.0.1:{house.mail['port']}",
                "from": "tidemark@tidemark.example", "to": ["owner"],
                "fallback-to": "csm-team@tidemark.example", "insecure-plaintext": True}},
        ],
        # A year of anomalies is told at once, so none waits for others to join it.
        "route": {"receiver": "owners", "group_by": ["..."], "group_wait": "0s",
                  "group_interval": "1ms", "routes": [
            {"receiver": "on-call", "matchers": ['severity="critical"'], "continue": True},
            {"receiver": "owners"},
        ]},
    }
    path = house.home / "routes.yaml"
    path.write_text(json.dumps(routes, indent=2) + "\n")  # JSON is YAML, too
    return {
        "routes-file": str(path),
        "egress-allow-private": ["127.0.0.1"],
        "egress-allow-plaintext": [events],
        "retry-first-seconds": 1,
    }


def write_client(house) -> None:
    """Where the command line finds this house while it runs."""
    content: dict[str, object] = {f"{name}-url": [house.url(name)] for name in CLIENT_CALLS}
    content["caller-key-file"] = str(house.keys / "client.key")
    write(house.top / "client.yaml", content)


def address(line: str, field: str) -> str:
    """An address out of the line that a service logs once it has started."""
    found = re.search(rf'\b{field}="?([^"\s]+)', line)
    if not found:
        raise DemoError(f"no {field} in: {line}")
    return f"http://{found.group(1)}"


def http_address(line: str) -> str:
    return address(line, "http")


def admin_address(line: str) -> str:
    return address(line, "admin")
