"""Reads a batch of mails with Python's own parser and holds each against what was meant.

    parse_mails.py FOLDER

FOLDER holds meant.jsonl, one line a mail: {"mail"} in base 64 and what is meant, {"subject", "text",
"to", "headers", "sentence", "pictures"}; and lines.jsonl with {"line", "name"}: a log line in JSON
as it was written, and the name in it.
Prints each difference, and "N mails and M lines as meant" where there is none.
"""

from __future__ import annotations

import base64
import email
import email.policy
import html.parser
import json
import pathlib
import sys


class Tags(html.parser.HTMLParser):
    """The tags of a page, and its words."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.words = ""

    def handle_starttag(self, tag: str, attributes: list) -> None:
        self.tags.add(tag)
        if any(name.startswith("on") for name, _ in attributes):
            self.tags.add("a handler")

    def handle_data(self, data: str) -> None:
        self.words += data


OWN_TAGS = {
    "html", "body", "p", "strong", "table", "tr", "td", "ul", "li", "a", "img", "hr",
}


def differences(content: bytes, meant: dict) -> list[str]:
    """What a mail says other than it was meant to."""
    mail = email.message_from_bytes(content, policy=email.policy.default)
    found = []
    names = [name for name, _ in mail.items()]
    if names != meant["headers"]:
        found.append(f"headers {names}")
    if mail["Subject"] != meant["subject"]:
        found.append(f"subject {mail['Subject']!r}, meant {meant['subject']!r}")
    if [each.addr_spec for each in mail["To"].addresses] != [meant["to"]]:
        found.append(f"to {mail['To']!r}")
    for part in mail.walk():
        if part.defects or any(getattr(value, "defects", ()) for value in part.values()):
            found.append(f"defects {part.defects} in {part.get_content_type()}")
    # Some releases of the parser keep a mail's line ends, others make them the system's.
    text = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    if text.removesuffix("\n") != meant["text"].removesuffix("\n"):
        found.append(f"text {text!r}, meant {meant['text']!r}")
    page = Tags()
    page.feed(mail.get_body(("html",)).get_content())
    if page.tags - OWN_TAGS:
        found.append(f"tags {page.tags - OWN_TAGS}")
    if meant["sentence"] not in page.words:
        found.append(f"the page lacks {meant['sentence']!r}")
    pictures = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    for picture in pictures:
        if not picture.get_content().startswith(b"\x89PNG\r\n\x1a\n"):
            found.append("a picture is none")
        if f'"cid:{picture["Content-ID"][1:-1]}"' not in mail.get_body(("html",)).get_content():
            found.append("a picture is not shown")
    if len(pictures) != meant["pictures"]:
        found.append(f"{len(pictures)} pictures")
    return found


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    wrong = 0
    mails = (folder / "meant.jsonl").read_text("utf-8").split("\n")[:-1]
    for number, line in enumerate(mails):
        meant = json.loads(line)
        for difference in differences(base64.b64decode(meant["mail"]), meant):
            wrong += 1
            if wrong <= 10:
                print(f"{number}: {difference}"[:600])
    lines = (folder / "lines.jsonl").read_text("utf-8").split("\n")[:-1]
    for number, line in enumerate(lines):
        told = json.loads(line)
        ends = sum(told["line"].count(end) for end in "\n\r\x85\u2028\u2029\x0b\x0c")
        if ends != 1 or json.loads(told["line"])["name"] != told["name"]:
            wrong += 1
            if wrong <= 10:
                print(f"line {number}: {told['line']!r}"[:600])
    if wrong:
        sys.exit(f"{wrong} differences")
    print(f"{len(mails)} mails and {len(lines)} lines as meant")


if __name__ == "__main__":
    main()
