"""What Slack publishes of incoming webhooks, chat.postMessage and chat.update.

The rules are those of docs.slack.dev (block kit reference, methods). With --set token=... only that
token is known, with --set channel=... only those channels, and --set user=... those people. What is
posted is kept, so that only a message that is there can be changed or replied to.
"""

from __future__ import annotations

import re

from vendor_rules import Answer, Request

TEXT_KINDS = {"plain_text", "mrkdwn"}
BLOCK_TYPES = {"header", "section", "context", "actions", "divider"}
TOTAL_LIMIT = 13_200


def length(text: str) -> int:
    """Characters as JavaScript counts them, the strictest reading of the pages."""
    return len(text.encode("utf-16-le")) // 2


def faults_of_text(text: object, limit: int, kinds: set[str], where: str) -> list[str]:
    if not isinstance(text, dict) or text.get("type") not in kinds:
        return [f"{where} must be a text object"]
    words = text.get("text")
    if not isinstance(words, str) or not words:
        return [f"{where} is empty"]
    found = []
    if length(words) > limit:
        found.append(f"{where} is longer than {limit}")
    if text["type"] == "mrkdwn" and "emoji" in text:
        found.append(f"{where}: emoji is for plain text")
    if text["type"] == "plain_text" and "verbatim" in text:
        found.append(f"{where}: verbatim is for mrkdwn")
    # What stands unescaped steers Slack; of that only links of ours are meant.
    bare = re.sub(r"<https?://[^<>|\s]+\|[^<>]*>", "", words)
    if "<" in bare or ">" in bare or re.search(r"&(?!amp;|lt;|gt;)", bare):
        found.append(f"{where} holds a control character that is not escaped")
    return found


def faults_of_block(block: object) -> list[str]:
    if not isinstance(block, dict) or block.get("type") not in BLOCK_TYPES:
        return ["a block of an unknown type"]
    kind = block["type"]
    if kind == "header":
        return faults_of_text(block.get("text"), 150, {"plain_text"}, "header.text")
    if kind == "section":
        found = []
        if "text" not in block and not block.get("fields"):
            found.append("a section needs text or fields")
        if "text" in block:
            found += faults_of_text(block["text"], 3000, TEXT_KINDS, "section.text")
        fields = block.get("fields", [])
        if len(fields) > 10:
            found.append("a section has more than 10 fields")
        for field in fields:
            found += faults_of_text(field, 2000, TEXT_KINDS, "section.fields")
        return found
    if kind == "context":
        found = [] if 0 < len(block.get("elements", [])) <= 10 else ["context needs 1 to 10 elements"]
        for element in block.get("elements", []):
            found += faults_of_text(element, 3000, TEXT_KINDS, "context.elements")
        return found
    if kind == "actions":
        found = [] if 0 < len(block.get("elements", [])) <= 25 else ["actions needs 1 to 25 elements"]
        for element in block.get("elements", []):
            if element.get("type") != "button":
                found.append("only buttons are expected")
            found += faults_of_text(element.get("text"), 75, {"plain_text"}, "button.text")
            if length(element.get("url", "")) > 3000:
                found.append("button.url is longer than 3000")
        return found
    return []


def texts_in(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        return own + [text for part in value.values() for text in texts_in(part)]
    if isinstance(value, list):
        return [text for part in value for text in texts_in(part)]
    return []


class Rules:
    """One workspace with one webhook."""

    WEBHOOK = "/services/T000/B000/secretsecret"

    def __init__(self, settings: dict[str, list[str]]) -> None:
        self.tokens = settings.get("token", [])
        self.channels = settings.get("channel", [])
        self.people = settings.get("user", [])
        self.posted: dict[tuple[str, str], dict] = {}

    def answer(self, request: Request) -> Answer:
        if request.path.startswith("/services/"):
            return self.webhook(request)
        if request.path in ("/api/chat.postMessage", "/api/chat.update"):
            return self.method(request, request.path.rsplit(".", 1)[1])
        return Answer(404, "no_such_page")

    def message(self, request: Request) -> tuple[dict, list[str], str]:
        """The body, what is wrong with it, and Slack's word for that."""
        if not request.is_json():
            return {}, ["Content-Type must be application/json"], "invalid_payload"
        try:
            body = request.json()
        except ValueError:
            return {}, ["the body is no JSON"], "invalid_payload"
        if not isinstance(body, dict):
            return {}, ["the body is no object"], "invalid_payload"
        blocks = body.get("blocks", [])
        if not body.get("text"):
            return body, ["there is no text for where blocks are not shown"], "no_text"
        if length(body["text"]) > 40_000:
            return body, ["text is longer than 40000"], "msg_too_long"
        if re.search(r"[<>]|&(?!amp;|lt;|gt;)", body["text"]):
            return body, ["text is not escaped"], "invalid_payload"
        if len(blocks) > 50:
            return body, ["more than 50 blocks"], "invalid_blocks"
        faults = [fault for block in blocks for fault in faults_of_block(block)]
        if faults:
            return body, faults, "invalid_blocks"
        if sum(length(text) for text in texts_in(blocks)) > TOTAL_LIMIT:
            return body, ["the texts are too long together"], "msg_blocks_too_long"
        return body, [], ""

    def webhook(self, request: Request) -> Answer:
        if request.path != self.WEBHOOK:
            return Answer(404, "no_service", faults=["the webhook is not known"])
        body, faults, word = self.message(request)
        if set(body) - {"text", "blocks", "attachments", "unfurl_links", "unfurl_media"}:
            faults, word = ["a webhook knows no such field"], "invalid_payload"
        if faults:
            return Answer(400, word, faults=faults)
        return Answer(200, "ok", effect="posted")

    def method(self, request: Request, method: str) -> Answer:
        token = request.bearer()
        if not token:
            return self.refuse("not_authed")
        if self.tokens and token not in self.tokens:
            return self.refuse("invalid_auth")
        body, faults, word = self.message(request)
        if faults:
            return self.refuse(word, faults)
        channel = body.get("channel", "")
        if channel in self.people:
            # A message to a person stands in a channel of the two.
            channel = "D" + channel[1:]
        elif self.channels and channel not in self.channels and not self.is_direct(channel):
            return self.refuse("channel_not_found")
        if method == "update":
            if (channel, body.get("ts")) not in self.posted:
                return self.refuse("message_not_found")
            self.posted[channel, body["ts"]] = body
            return self.accept("updated", channel, body["ts"])
        thread = body.get("thread_ts")
        if thread is not None and (channel, thread) not in self.posted:
            return self.refuse("thread_not_found")
        if body.get("reply_broadcast") and thread is None:
            return self.refuse("invalid_arguments", ["only a reply is broadcast"])
        stamp = f"1360332300.{len(self.posted) + 1:06}"
        self.posted[channel, stamp] = body
        return self.accept("replied" if thread else "posted", channel, stamp)

    def is_direct(self, channel: str) -> bool:
        return channel in {"D" + person[1:] for person in self.people}

    def accept(self, effect: str, channel: str, stamp: str) -> Answer:
        return Answer(200, {"ok": True, "channel": channel, "ts": stamp}, effect=effect)

    def refuse(self, word: str, faults: list[str] | None = None) -> Answer:
        # The Web API says what is wrong with a good status.
        return Answer(200, {"ok": False, "error": word}, faults=faults or [word])
