"""What Microsoft publishes of a Teams workflow "When a Teams webhook request is received".

The rules of the card are those of adaptivecards.io at version 1.2, as far as they are used; the size
is that of learn.microsoft.com ("about 28 KB").
"""

from __future__ import annotations

import re

from vendor_rules import Answer, Request

BYTES_LIMIT = 28 * 1024
COLORS = {"Default", "Dark", "Light", "Accent", "Good", "Warning", "Attention"}
TEXT_FIELDS = {
    "type", "text", "wrap", "size", "weight", "color", "isSubtle", "spacing", "fontType", "style",
}


def faults_of_element(element: object) -> list[str]:
    if not isinstance(element, dict):
        return ["an element must be an object"]
    if element.get("type") == "TextBlock":
        found = [f"'{name}' is not a field" for name in sorted(set(element) - TEXT_FIELDS)]
        text = element.get("text")
        if not isinstance(text, str) or not text:
            found.append("a TextBlock needs a text")
        elif re.search(r"\]\(|://", text):
            found.append("a text that Teams makes a link of")
        if element.get("color", "Default") not in COLORS:
            found.append("an unknown color")
        return found
    if element.get("type") == "FactSet":
        facts = element.get("facts")
        if not isinstance(facts, list) or not facts:
            return ["a FactSet needs facts"]
        good = all(
            isinstance(fact.get("title"), str) and isinstance(fact.get("value"), str)
            for fact in facts)
        return [] if good else ["a fact needs a title and a value"]
    return [f"an element of type {element.get('type')}"]


def faults_of(body: object) -> list[str]:
    if not isinstance(body, dict) or body.get("type") != "message":
        return ["'type' must be message"]
    attachments = body.get("attachments")
    if not isinstance(attachments, list) or len(attachments) != 1:
        return ["one attachment is expected"]
    attachment = attachments[0]
    if attachment.get("contentType") != "application/vnd.microsoft.card.adaptive":
        return ["'contentType' must be that of an Adaptive Card"]
    card = attachment.get("content", {})
    found = []
    if card.get("type") != "AdaptiveCard" or card.get("version") != "1.2":
        found.append("an AdaptiveCard of version 1.2 is expected")
    if not card.get("body"):
        found.append("the card is empty")
    for element in card.get("body", []):
        found += faults_of_element(element)
    for action in card.get("actions", []):
        if action.get("type") != "Action.OpenUrl" or not re.match(
                r"https?://", str(action.get("url"))):
            found.append("only Action.OpenUrl with an address is expected")
    return found


class Rules:
    """One workflow."""

    WORKFLOW = "/workflows/abc/triggers/manual/paths/invoke"
    SIGNATURE = "secretsecret"

    def __init__(self, settings: dict[str, list[str]]) -> None:
        """There is nothing to set."""

    def answer(self, request: Request) -> Answer:
        if request.path != self.WORKFLOW:
            return self.refuse(404, "WorkflowNotFound", ["the workflow is not known"])
        if request.query.get("sig") != [self.SIGNATURE]:
            return self.refuse(401, "DirectApiAuthorizationRequired", ["the signature is wrong"])
        if len(request.body) > BYTES_LIMIT:
            return self.refuse(413, "RequestEntityTooLarge", ["the message is too large"])
        if not request.is_json():
            return self.refuse(400, "InvalidRequestContent", ["Content-Type is not JSON"])
        try:
            faults = faults_of(request.json())
        except ValueError:
            faults = ["the body is no JSON"]
        if faults:
            return self.refuse(400, "InvalidRequestContent", faults)
        return Answer(202, "", effect="posted")

    def refuse(self, status: int, code: str, faults: list[str]) -> Answer:
        error = {"error": {"code": code, "message": f"{'; '.join(faults)} (says a fake)"}}
        return Answer(status, error, faults=faults)
