"""The published rules of ServiceNow's Table API, as far as incidents need them.

Settings: user and password, or key (for the header x-sn-apikey). For tests, POST /fake/people with
{"sys_id": "...", "state": "7"} does what a person does, and {"sys_id": "...", "gone": true} deletes.
"""

from __future__ import annotations

import hashlib
import re

from vendor_rules import Answer, Request

FIELDS = {
    "short_description", "description", "urgency", "impact", "assignment_group", "caller_id",
    "category", "state", "close_code", "close_notes", "work_notes", "correlation_id",
    "correlation_display",
}
LIMITS = {
    "short_description": 160, "description": 4_000, "work_notes": 4_000, "close_notes": 4_000,
    "correlation_id": 100, "correlation_display": 100,
}
CLOSE_CODES = ("Solution provided", "Workaround provided", "Resolved by caller")


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class Rules:
    """The records of the table incident."""

    def __init__(self, settings: dict[str, list[str]]) -> None:
        self.user = settings.get("user", [None])[0]
        self.password = settings.get("password", [None])[0]
        self.key = settings.get("key", [None])[0]
        self.records: dict[str, dict] = {}

    def is_known(self, request: Request) -> bool:
        if self.key:
            return request.headers.get("x-sn-apikey") == self.key
        return request.basic() == (self.user, self.password)

    def answer(self, request: Request) -> Answer:
        if request.path == "/fake/people":
            return self.person(request.json())
        if not self.is_known(request):
            return self.refuse(401, "User Not Authenticated", "Required to provide Auth information")
        match = re.fullmatch(r"/api/now/table/incident(?:/([0-9a-f]{32}))?", request.path)
        if not match:
            return self.refuse(404, "Requested URI does not represent any resource", request.path)
        if request.method == "GET" and not match[1]:
            return self.search(request)
        if match[1] and match[1] not in self.records:
            return self.refuse(404, "No Record found", "Record doesn't exist or ACL restricts")
        if request.method == "GET":
            return Answer(200, {"result": self.shown(match[1], request)}, effect="read")
        if not request.is_json():
            return self.refuse(415, "Unsupported Media Type", "must be application/json")
        try:
            body = request.json()
        except ValueError:
            return self.refuse(400, "Exception while reading request", "not JSON")
        faults = self.faults_of(body)
        if faults:
            return self.refuse(403, "Operation Failed", "; ".join(faults))
        if request.method == "POST" and not match[1]:
            return self.create(request, body)
        if request.method == "PATCH" and match[1]:
            return self.change(request, match[1], body)
        return self.refuse(405, "Method not supported", request.method)

    def refuse(self, status: int, message: str, detail: str) -> Answer:
        return Answer(
            status, {"error": {"message": message, "detail": detail}, "status": "failure"},
            faults=[f"{message}: {detail}"])

    def faults_of(self, body: dict) -> list[str]:
        # The real one ignores unknown fields; a test would rather hear of them.
        found = [f"'{name}' is not a field" for name in sorted(set(body) - FIELDS)]
        for name, value in body.items():
            if not isinstance(value, str):
                found.append(f"'{name}' must be a text")
            elif utf16(value) > LIMITS.get(name, 1_000):
                found.append(f"'{name}' would be cut")
        for name in ("urgency", "impact"):
            if body.get(name, "1") not in ("1", "2", "3"):
                found.append(f"'{name}' is not a choice")
        return found

    def search(self, request: Request) -> Answer:
        query = request.query.get("sysparm_query", [""])[0]
        match = re.fullmatch(r"correlation_id=([^^]+)\^ORDERBYDESCsys_created_on", query)
        if not match:
            # An unknown condition is dropped by the real one, which then gives anything.
            return self.refuse(400, "Invalid query", query)
        found = [
            id for id, each in self.records.items() if each.get("correlation_id") == match[1]]
        return Answer(
            200, {"result": [self.shown(id, request) for id in reversed(found)]},
            effect=f"found {len(found)}")

    def shown(self, id: str, request: Request) -> dict:
        record = {"sys_id": id, **self.records[id]}
        names = request.query.get("sysparm_fields", [",".join(record)])[0].split(",")
        return {name: record.get(name, "") for name in names}

    def create(self, request: Request, body: dict) -> Answer:
        number = len(self.records) + 1
        id = hashlib.md5(str(number).encode()).hexdigest()
        self.records[id] = {"number": f"INC{number:07}", "state": "1", "notes": [], **body}
        return Answer(201, {"result": self.shown(id, request)}, effect="created")

    def change(self, request: Request, id: str, body: dict) -> Answer:
        record = self.records[id]
        if record["state"] == "7":
            return self.refuse(403, "Operation Failed", "a closed incident is not changed")
        if body.get("state") == "6":
            is_told = body.get("close_code") in CLOSE_CODES and body.get("close_notes")
            if not is_told:
                return self.refuse(
                    403, "Data Policy Exception", "close_code and close_notes are mandatory")
        if "work_notes" in body:
            record["notes"].append(body.pop("work_notes"))
        before = record["state"]
        record.update(body)
        effect = "changed" if record["state"] == before else f"moved to {record['state']}"
        return Answer(200, {"result": self.shown(id, request)}, effect=effect)

    def person(self, wanted: dict) -> Answer:
        id = wanted.pop("sys_id")
        if wanted.pop("gone", False):
            del self.records[id]
        else:
            self.records[id].update(wanted)
        return Answer(200, {}, effect="done by a person")
