"""The command line and the notifier: silences, receivers, the log, versions of the routes."""

from __future__ import annotations

import re

from checks import Checks
from clients_cli import CommandLine
from house import House

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def check_notifier(checks: Checks, house: House) -> None:
    """Everything that an operator asks the notifier for."""
    tidemark = CommandLine(house)
    check_receivers(checks, tidemark)
    check_silences(checks, tidemark)
    check_log(checks, tidemark)
    check_versions(checks, tidemark)


def check_receivers(checks: Checks, tidemark: CommandLine) -> None:
    """A test goes out and is taken; a receiver that does not exist is named."""
    code, said = tidemark("receivers", "test", "on-call")
    checks.check("receivers test is taken", code == 0 and "taken: 202" in said, said)
    code, said = tidemark("receivers", "list")
    checks.check("receivers list knows both", code == 0 and "on-call  pagerduty" in said
                 and "owner  email" in said, said)
    code, said = tidemark("receivers", "test", "nobody-knows")
    checks.check("an unknown receiver is named", code != 0 and "nobody-knows" in said, said)


def check_silences(checks: Checks, tidemark: CommandLine) -> None:
    """Set, listed, looked at before, and ended."""
    code, said = tidemark("silence", "preview", "customer=~\".+\"")
    checks.check("preview counts", code == 0 and "past 7 days: " in said, said)
    code, said = tidemark(
        "silence", "add", "customer=zeta", "--duration", "30m", "--comment", "they move")
    found = re.search(UUID, said)
    checks.check("a silence is set", code == 0 and found is not None and "active" in said, said)
    silence = found.group(0) if found else ""
    code, said = tidemark("silence", "list")
    checks.check("it is listed with its reason", silence in said and "they move" in said, said)
    code, said = tidemark("silence", "expire", silence)
    checks.check("it ends", code == 0 and "expired" in said, said)
    code, said = tidemark("silence", "list")
    checks.check("what is over is not listed", silence not in said, said)
    code, said = tidemark("silence", "list", "--expired")
    checks.check("unless it is asked for", silence in said, said)
    for words, why in [
        (["customer=~\".*\""], "matches everything"), (["customer"], "no matcher"),
        (["customer=zeta", "--duration", "400d"], "too long"),
        (["customer=zeta", "--duration", "soon"], "no time"), ([], "nothing"),
    ]:
        code, said = tidemark("silence", "add", *words)
        checks.check(f"a silence of {why} is refused", code != 0, said)


def check_log(checks: Checks, tidemark: CommandLine) -> None:
    """Each send has its line, and the sums are right."""
    code, said = tidemark("deliveries", "list", "--limit", 5)
    checks.check("the log is shown", code == 0 and re.search(UUID, said) is not None, said)
    code, said = tidemark("deliveries", "account")
    counts = dict(re.findall(r"^ {0,2}([a-z ]+?) (\d+)$", said, re.MULTILINE))
    raised = int(counts.pop("raised", -1))
    checks.equal("raised is the sum of what became of it", raised,
                 sum(int(count) for count in counts.values()))
    code, said = tidemark("deliveries", "retry", "00000000-0000-8000-8000-000000000000")
    checks.check("an unknown delivery is named", code != 0 and "no delivery" in said, said)


def check_versions(checks: Checks, tidemark: CommandLine) -> None:
    """A file is put, put into force and taken back."""
    code, said = tidemark("config", "list")
    first = re.search(r"^(\d+)  in force", said, re.MULTILINE)
    checks.check("the file beside the service is a version", first is not None, said)
    code, said = tidemark("config", "show")
    good = tidemark.file("routes-good.yaml", said.replace("group_wait: 0s", "group_wait: 1s"))
    bad = tidemark.file("routes-bad.yaml", said.replace("receiver: owner", "receiver: ownr"))
    code, said = tidemark("config", "put", bad)
    checks.check("a faulty file is refused with its place", code == 1 and "'ownr'" in said, said)
    code, said = tidemark("config", "put", good, "--comment", "wait a second")
    put = re.search(r"version (\d+) is kept", said)
    checks.check("a good file is kept", code == 0 and put is not None, said)
    if not put or not first:
        return
    code, said = tidemark("config", "activate", put.group(1))
    checks.check("it is put into force", code == 0 and "in force" in said, said)
    code, said = tidemark("config", "activate", first.group(1))
    checks.check("and taken back", code == 0 and f"{first.group(1)}  in force" in said, said)
    code, said = tidemark("config", "activate", 10**6)
    checks.check("an unknown version is named", code != 0 and "1000000" in said, said)
