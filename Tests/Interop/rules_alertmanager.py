"""What Alertmanager's version 2 interface demands of `POST /api/v2/alerts` (api/v2/openapi.yaml).

With --set token=... or --set user=NAME:PASSWORD a proxy stands in front that asks. The tests hold our
alerts against Debian's own Alertmanager as well; this one can be told to fail.
"""

from __future__ import annotations

import datetime
import json
import re

from vendor_rules import Answer, Request


def moment(text: object) -> datetime.datetime:
    return datetime.datetime.fromisoformat(str(text).replace("Z", "+00:00"))


def faults_of(alert: object) -> list[str]:
    if not isinstance(alert, dict):
        return ["an alert must be an object"]
    unknown = set(alert) - {"labels", "annotations", "startsAt", "endsAt", "generatorURL"}
    found = [f"'{name}' is not a field" for name in sorted(unknown)]
    labels = alert.get("labels")
    if not isinstance(labels, dict) or not any(labels.values()):
        return found + ["at least one label pair required"]
    for name, value in labels.items():
        if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name) or not isinstance(value, str):
            found.append(f"invalid label '{name}'")
    for name, value in alert.get("annotations", {}).items():
        if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name) or not isinstance(value, str):
            found.append(f"invalid annotation '{name}'")
    try:
        if moment(alert["startsAt"]) > moment(alert["endsAt"]):
            found.append("start time must be before end time")
    except (KeyError, ValueError):
        found.append("a time is missing or not RFC 3339")
    return found


class Rules:
    """One replica."""

    def __init__(self, settings: dict[str, list[str]]) -> None:
        self.tokens = settings.get("token", [])
        self.users = settings.get("user", [])

    def answer(self, request: Request) -> Answer:
        if self.tokens and request.bearer() not in self.tokens:
            return Answer(401, "Unauthorized", faults=["the token is wrong"])
        if self.users and ":".join(request.basic() or ()) not in self.users:
            return Answer(401, "Unauthorized", faults=["the password is wrong"])
        if request.path != "/api/v2/alerts":
            return Answer(404, "404 page not found", faults=["the path is not known"])
        if not request.is_json():
            return Answer(
                415, {"code": 415, "message": "unsupported media type"},
                faults=["Content-Type must be application/json"])
        try:
            alerts = request.json()
        except ValueError:
            alerts = None
        if not isinstance(alerts, list):
            return Answer(400, {"code": 400, "message": "no array"}, faults=["no array"])
        faults = [fault for alert in alerts for fault in faults_of(alert)]
        if faults:
            text = json.dumps("; ".join(faults))
            return Answer(400, text, faults=faults, content_type="application/json")
        return Answer(200, "", effect="taken")
