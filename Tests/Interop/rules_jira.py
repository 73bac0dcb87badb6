"""The published rules of Jira Cloud's REST interface v3, as far as issues need them.

Settings: email, token (the only credentials that are known), project, status (the project's first
one), lost-search=N (the first N searches after an issue was created do not see it yet).

For tests, POST /fake/people with {"key": "CS-1", "status": "Done", "resolution": "Won't Do",
"resolutiondate": "..."} does what a person does, and DELETE is {"key": "CS-1", "gone": true}.
"""

from __future__ import annotations

import datetime
import json
import re

from vendor_rules import Answer, Request

SUMMARY_LIMIT = 255
DOCUMENT_LIMIT = 32_767
FIELDS = {"project", "issuetype", "summary", "description", "labels", "priority"}
PRIORITIES = ("Highest", "High", "Medium", "Low", "Lowest")
QUERY = re.compile(
    r'project = "(?P<project>\w+)" and labels = "(?P<label>[^" ]+)"'
    r'(?: and \(resolution is EMPTY or resolution != "(?P<wontdo>(?:[^"\\]|\\.)+)"\))?'
    r" and \(statusCategory != Done(?: or resolutiondate >= -(?P<hours>\d+)h)?\)"
    r" order by created DESC")
# What a workflow offers, by the status it starts from.
TRANSITIONS = {
    "To Do": {"21": ("Start work", "In Progress"), "31": ("Mark as done", "Done")},
    "In Progress": {"31": ("Mark as done", "Done")},
    "Done": {"41": ("Reopen", "To Do")},
}


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def faults_of_document(document: object, name: str) -> list[str]:
    """What Atlassian Document Format has against a text."""
    if not isinstance(document, dict) or document.get("type") != "doc":
        return [f"{name}: must be a document (ADF), not a text"]
    found = []
    if document.get("version") != 1:
        found.append(f"{name}: version must be 1")
    if utf16(json.dumps(document, ensure_ascii=False, separators=(",", ":"))) > DOCUMENT_LIMIT:
        found.append(f"{name}: the text is longer than {DOCUMENT_LIMIT} characters")

    def visit(node: dict, allowed: set[str]) -> None:
        kind = node.get("type")
        if kind not in allowed:
            found.append(f"{name}: a '{kind}' cannot stand here")
        elif kind == "text":
            if not node.get("text") or re.search(r"[\x00-\x08\x0a-\x1f]", node["text"]):
                found.append(f"{name}: a text node must hold a text of one line")
            for mark in node.get("marks", []):
                if mark.get("type") not in ("strong", "link"):
                    found.append(f"{name}: unknown mark")
                if mark.get("type") == "link" and not mark.get("attrs", {}).get("href"):
                    found.append(f"{name}: a link needs its address")
        else:
            content = node.get("content")
            if not content:
                found.append(f"{name}: '{kind}' is empty")
            inner = {"paragraph": {"text"}, "bulletList": {"listItem"},
                     "listItem": {"paragraph", "bulletList"}}[kind]
            for child in content or []:
                visit(child, inner)

    for block in document.get("content", []):
        visit(block, {"paragraph", "bulletList"})
    return found


def faults_of_properties(properties: object) -> list[str]:
    if not isinstance(properties, list):
        return ["properties: must be a list"]
    return [
        "properties: each has a 'key' and a 'value'" for each in properties
        if not isinstance(each, dict) or set(each) != {"key", "value"} or len(each["key"]) > 255]


class Rules:
    """The issues of one project."""

    def __init__(self, settings: dict[str, list[str]]) -> None:
        self.email = settings.get("email", [""])[0]
        self.token = settings.get("token", [""])[0]
        self.project = settings.get("project", ["CS"])[0]
        self.lost = int(settings.get("lost-search", ["0"])[0])
        self.issues: dict[str, dict] = {}
        self.blind = 0

    def answer(self, request: Request) -> Answer:
        if request.path == "/fake/people":
            return self.person(request.json())
        if request.basic() != (self.email, self.token):
            return self.refuse(401, ["Client must be authenticated to access this resource."])
        path = request.path.removeprefix("/rest/api/3/")
        if path == request.path:
            return self.refuse(404, ["there is only /rest/api/3"])
        body = None
        if request.method == "POST":
            if not request.is_json():
                return self.refuse(415, ["Content-Type must be application/json"])
            try:
                body = request.json()
            except ValueError:
                return self.refuse(400, ["the body is not JSON"])
        if (request.method, path) == ("POST", "issue"):
            return self.create(body)
        if (request.method, path) == ("POST", "search/jql"):
            return self.search(body)
        match = re.fullmatch(r"issue/([A-Z]+-\d+)(/transitions|/comment)?", path)
        if not match or match[1] not in self.issues:
            return self.refuse(404, ["Issue does not exist or you do not have permission to see it."])
        return self.one(request, self.issues[match[1]], match[2] or "", body)

    def refuse(self, status: int, messages: list[str], errors: dict | None = None) -> Answer:
        return Answer(
            status, {"errorMessages": messages, "errors": errors or {}},
            faults=messages + [f"{name}: {text}" for name, text in (errors or {}).items()])

    def create(self, body: dict) -> Answer:
        fields = body.get("fields", {})
        errors = {name: "Field cannot be set." for name in set(fields) - FIELDS}
        summary = fields.get("summary", "")
        if not summary.strip():
            errors["summary"] = "You must specify a summary of the issue."
        if utf16(summary) > SUMMARY_LIMIT:
            errors["summary"] = "Summary must be less than 255 characters."
        if re.search(r"[\r\n]", summary):
            errors["summary"] = "The summary is invalid because it contains newline characters."
        if fields.get("project") != {"key": self.project}:
            errors["project"] = "valid project is required"
        if fields.get("issuetype", {}).get("name") not in ("Task", "Bug"):
            errors["issuetype"] = "Specify a valid issue type"
        if "priority" in fields and fields["priority"].get("name") not in PRIORITIES:
            errors["priority"] = "Priority name is not valid"
        for label in fields.get("labels", []):
            if re.search(r"\s", label) or len(label) > 255:
                errors["labels"] = f"The label '{label}' contains spaces or is too long."
        messages = faults_of_document(fields.get("description"), "description")
        messages += faults_of_properties(body.get("properties", []))
        if errors or messages:
            return self.refuse(400, messages, errors)
        key = f"{self.project}-{len(self.issues) + 1}"
        self.issues[key] = {
            "key": key, "status": "To Do", "resolution": None, "resolutiondate": None,
            "labels": fields.get("labels", []), "comments": [], "summary": summary,
            "properties": {each["key"]: each["value"] for each in body.get("properties", [])},
        }
        self.blind = self.lost
        return Answer(201, {"id": str(10_000 + len(self.issues)), "key": key}, effect="created")

    def search(self, body: dict) -> Answer:
        unknown = set(body) - {"jql", "maxResults", "fields", "properties", "nextPageToken"}
        match = QUERY.fullmatch(body.get("jql", ""))
        if unknown or not match:
            return self.refuse(400, ["Invalid request payload or JQL: " + body.get("jql", "")])
        if "fields" not in body:
            return self.refuse(400, ["without 'fields' only identities are given"])
        found = []
        if self.blind > 0:
            self.blind -= 1
        else:
            found = [each for each in self.issues.values() if self.matches(each, match)]
        answer = {"issues": [self.shown(each, body) for each in reversed(found)], "isLast": True}
        return Answer(200, answer, effect=f"found {len(found)}")

    def matches(self, issue: dict, match: re.Match) -> bool:
        wont_do = (match["wontdo"] or "").replace('\\"', '"').replace("\\\\", "\\")
        if match["label"] not in issue["labels"] or match["project"] != self.project:
            return False
        if wont_do and issue["resolution"] == wont_do:
            return False
        if issue["status"] != "Done":
            return True
        if not match["hours"] or not issue["resolutiondate"]:
            return False
        done = datetime.datetime.strptime(issue["resolutiondate"], "%Y-%m-%dT%H:%M:%S.%f%z")
        # The fake's present is that of the fixtures, 2013-02-08T14:05:00Z.
        now = datetime.datetime(2013, 2, 8, 14, 5, tzinfo=datetime.timezone.utc)
        return now - done <= datetime.timedelta(hours=int(match["hours"]))

    def shown(self, issue: dict, body: dict | None = None) -> dict:
        category = {"Done": "done", "In Progress": "indeterminate"}.get(issue["status"], "new")
        shown = {"id": "1", "key": issue["key"], "fields": {
            "status": {"name": issue["status"], "statusCategory": {"key": category}},
            "resolution": issue["resolution"] and {"name": issue["resolution"]},
            "resolutiondate": issue["resolutiondate"]}}
        wanted = (body or {}).get("properties", [])
        if wanted:
            shown["properties"] = {
                name: value for name, value in issue["properties"].items() if name in wanted}
        return shown

    def one(self, request: Request, issue: dict, part: str, body: dict | None) -> Answer:
        if request.method == "GET" and not part:
            return Answer(200, self.shown(issue), effect="read")
        if request.method == "GET" and part == "/transitions":
            offered = TRANSITIONS[issue["status"]]
            return Answer(200, {"transitions": [
                {"id": number, "name": name, "to": {"name": target}}
                for number, (name, target) in offered.items()]}, effect="offered")
        if request.method == "GET":
            comments = [
                {"id": str(number), "body": each["body"], "properties": each["properties"]}
                for number, each in enumerate(issue["comments"])]
            if "properties" not in request.query.get("expand", []):
                for comment in comments:
                    del comment["properties"]
            return Answer(200, {"comments": comments[::-1]}, effect="listed")
        if part == "/transitions":
            chosen = TRANSITIONS[issue["status"]].get(body.get("transition", {}).get("id"))
            if not chosen:
                return self.refuse(400, ["It is not on the appropriate screen, or unknown."])
            issue["status"] = chosen[1]
            is_done = chosen[1] == "Done"
            issue["resolution"] = "Done" if is_done else None
            issue["resolutiondate"] = "2013-02-08T15:00:00.000+0100" if is_done else None
            return Answer(204, "", effect=f"moved to {chosen[1]}")
        faults = faults_of_document(body.get("body"), "comment")
        faults += faults_of_properties(body.get("properties", []))
        if faults:
            return self.refuse(400, faults)
        issue["comments"].append({"body": body["body"], "properties": body.get("properties", [])})
        return Answer(201, {"id": str(len(issue["comments"]))}, effect="commented")

    def person(self, wanted: dict) -> Answer:
        if wanted.pop("gone", False):
            del self.issues[wanted["key"]]
        else:
            self.issues[wanted["key"]].update(wanted)
        return Answer(200, {}, effect="done by a person")
