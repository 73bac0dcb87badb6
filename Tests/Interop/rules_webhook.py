"""A receiver that holds webhooks against Standard Webhooks, CloudEvents and Alertmanager's version 4.

Signatures are computed with Python's own hmac. `--set secret=whsec_...` may stand several times: one
signature that fits one of them is enough, as for a receiver that knows the old or the new secret.
`--set now=SECONDS` is the moment that timestamps are held against; without it they are not.
`--set format=` is tidemark, binary, structured or alertmanager. With `--set unsigned=yes` signatures
are not asked for, so that a real Alertmanager can be held against the same rules as we.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from vendor_rules import Answer, Request

TOLERANCE_SECONDS = 300
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
# Of template.Data and the webhook's own message (version 4).
MESSAGE_FIELDS = {
    "receiver", "status", "alerts", "groupLabels", "commonLabels", "commonAnnotations",
    "externalURL", "version", "groupKey", "truncatedAlerts",
}
ALERT_FIELDS = {
    "status", "labels", "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint",
}


def signature(secret: str, identity: str, timestamp: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    content = identity.encode() + b"." + timestamp.encode() + b"." + body
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def faults_of_event(event: object) -> list[str]:
    """Standard Webhooks' own form of a body."""
    if not isinstance(event, dict):
        return ["the body is no object"]
    found = []
    if set(event) != {"type", "timestamp", "data"}:
        found.append("the body has type, timestamp and data")
    if not re.fullmatch(r"[a-zA-Z0-9_]+(\.[a-zA-Z0-9_]+)*", str(event.get("type"))):
        found.append("'type' is not a list of words with dots")
    if not TIME.fullmatch(str(event.get("timestamp"))):
        found.append("'timestamp' is not ISO 8601")
    if not isinstance(event.get("data"), dict):
        found.append("'data' must be an object")
    return found


def faults_of_attributes(attributes: dict, identity: str) -> list[str]:
    """CloudEvents 1.0, the attributes that must be there and those with a form."""
    found = [
        f"'{name}' is missing" for name in ("id", "source", "specversion", "type")
        if not attributes.get(name)]
    if attributes.get("specversion") != "1.0":
        found.append("'specversion' must be 1.0")
    if attributes.get("id") != identity:
        found.append("'id' is not that of the webhook")
    if "time" in attributes and not TIME.fullmatch(attributes["time"]):
        found.append("'time' is not RFC 3339")
    found += [
        f"'{name}' is no name of an attribute" for name in attributes
        if not re.fullmatch(r"[a-z0-9]+", name)]
    return found


def faults_of_message(message: object) -> list[str]:
    """Alertmanager's version 4; newer ones add the reason of the notification."""
    if not isinstance(message, dict):
        return ["the body is no object"]
    found = []
    if set(message) - {"notification_reason"} != MESSAGE_FIELDS:
        odd = set(message) ^ MESSAGE_FIELDS
        found.append(f"missing or unknown fields: {', '.join(sorted(odd))}")
    if message.get("version") != "4":
        found.append("'version' must be the text 4")
    alerts = message.get("alerts") or []
    if not alerts:
        found.append("there are no alerts")
    for alert in alerts:
        if set(alert) != ALERT_FIELDS:
            found.append("an alert has other fields")
            continue
        if alert["status"] not in ("firing", "resolved"):
            found.append("an alert's status is firing or resolved")
        if not alert["labels"].get("alertname"):
            found.append("an alert has no alertname")
        if not re.fullmatch(r"[0-9a-f]{16}", alert["fingerprint"]):
            found.append("a fingerprint has 16 hexadecimal digits")
        ended = alert["endsAt"] != "0001-01-01T00:00:00Z"
        if ended != (alert["status"] == "resolved"):
            found.append("'endsAt' does not fit the status")
        for name, value in message.get("commonLabels", {}).items():
            if alert["labels"].get(name) != value:
                found.append(f"'{name}' is not common to all")
    fires = any(alert.get("status") == "firing" for alert in alerts)
    if message.get("status") != ("firing" if fires else "resolved"):
        found.append("'status' does not fit those of the alerts")
    return found


class Rules:
    """One endpoint."""

    def __init__(self, settings: dict[str, list[str]]) -> None:
        self.secrets = settings.get("secret", [])
        self.now = int(settings["now"][0]) if "now" in settings else None
        self.is_unsigned = "unsigned" in settings
        self.format = settings.get("format", ["tidemark"])[0]

    def answer(self, request: Request) -> Answer:
        faults = self.faults_of_signature(request)
        if faults:
            return Answer(401, {"error": faults}, faults=faults)
        faults = self.faults_of_body(request)
        if faults:
            return Answer(400, {"error": faults}, faults=faults)
        return Answer(204, "", effect="taken")

    def faults_of_signature(self, request: Request) -> list[str]:
        if self.is_unsigned:
            return []
        identity = request.headers.get("webhook-id", "")
        timestamp = request.headers.get("webhook-timestamp", "")
        given = request.headers.get("webhook-signature", "").split(" ")
        if not identity or "." in identity:
            return ["'webhook-id' is missing or has a dot"]
        if not timestamp.isdecimal():
            return ["'webhook-timestamp' is no number"]
        if self.now is not None and abs(int(timestamp) - self.now) > TOLERANCE_SECONDS:
            return ["'webhook-timestamp' is not of now"]
        if not all(re.fullmatch(r"v1,[A-Za-z0-9+/]{43}=", one) for one in given):
            return ["'webhook-signature' is no list of signatures"]
        for secret in self.secrets:
            expected = "v1," + signature(secret, identity, timestamp, request.body)
            if any(hmac.compare_digest(expected, one) for one in given):
                return []
        return ["no signature fits"]

    def faults_of_body(self, request: Request) -> list[str]:
        kind = request.headers.get("content-type", "")
        wanted = "application/cloudevents+json" if self.format == "structured" else (
            "application/json")
        if kind != wanted:
            return [f"Content-Type must be {wanted}"]
        try:
            body = request.json()
        except ValueError:
            return ["the body is no JSON"]
        identity = request.headers.get("webhook-id", "")
        if self.format == "tidemark":
            return faults_of_event(body)
        if self.format == "alertmanager":
            return faults_of_message(body)
        if self.format == "binary":
            attributes = {
                name.removeprefix("ce-"): value for name, value in request.headers.items()
                if name.startswith("ce-")}
            return faults_of_attributes(attributes, identity)
        attributes = {name: value for name, value in body.items() if name != "data"}
        if not isinstance(body.get("data"), dict):
            return ["'data' is missing"]
        return faults_of_attributes(attributes, identity)
