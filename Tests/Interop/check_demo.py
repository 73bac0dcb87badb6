#!/usr/bin/env python3
"""Walks the demo's path from end to end, twice, and pastes the lines that it prints.

usage: check_demo.py BINARIES [airlines|retail]

BINARIES is the folder with the built programs. The demo keeps its things in a folder of its own,
so that a demo beside it is not touched. Checked: anomalies are found in real data and told by mail
and events, the curl lines work as printed, a second run is quick and changes nothing, Ctrl-C drains
and leaves no process behind.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from checks import Checks

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FIRST_SECONDS = 600
SECOND_SECONDS = 60


class Demo:
    """One run of the demo, whose output is read as it comes."""

    def __init__(self, binaries: str, data: str, folder: pathlib.Path) -> None:
        self.lines: list[str] = []
        self.began = time.monotonic()
        # A session of its own: whatever the demo starts can be told from all else by it or by
        # the folder in its command line.
        self.process = subprocess.Popen(
            [sys.executable, "-u", ROOT / "demo/run.py", "--data", data, "--binaries", binaries,
             "--folder", folder],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True)
        self.changed = threading.Condition()
        self.is_over = False
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.is_over = True
            self.changed.notify_all()

    @property
    def text(self) -> str:
        with self.changed:
            return "\n".join(self.lines)

    def wait_for(self, word: str, seconds: float) -> bool:
        """Waits for a line with the word; false when the demo ended or the time is over."""
        with self.changed:
            self.changed.wait_for(
                lambda: self.is_over or any(word in line for line in self.lines), seconds)
            return any(word in line for line in self.lines)

    def stop(self) -> int:
        """Ends it as Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            code = self.process.wait(120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.reader.join(10)
        return code


def left_behind(folder: pathlib.Path) -> list[str]:
    """The command lines of all processes that still name the demo's folder."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        except (OSError, UnicodeDecodeError):
            continue
        if str(folder) in command and "check_demo" not in command:
            found.append(f"{process.name}: {command}")
    return found


def paste(line: str) -> dict:
    """Runs a printed line as a person would and reads the JSON that comes back."""
    done = subprocess.run(["bash", "-c", line + " --silent --show-error --fail-with-body"],
                          capture_output=True, text=True, timeout=30)
    if done.returncode != 0:
        raise RuntimeError(f"{line}: {done.stderr.strip()} {done.stdout.strip()[:500]}")
    return json.loads(done.stdout)


def count(text: str, pattern: str) -> int:
    found = re.search(pattern, text)
    return int(found.group(1).replace(",", "")) if found else -1


def check_endpoints(checks: Checks, text: str) -> None:
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("curl ")]
    checks.equal("a curl line for each product endpoint", len(lines), 3)
    listed = paste(lines[0])
    checks.check("the list holds anomalies", len(listed.get("anomalies", [])) > 0, listed)
    scanned = paste(lines[1])
    checks.check("the scan is an operation", bool(scanned), scanned)
    dismissed = paste(lines[2])
    checks.check("the dismissal is answered", bool(dismissed), dismissed)
    again = paste(lines[2])
    checks.check("the dismissal may be repeated", bool(again), again)


def anomalies(text: str) -> str:
    """The part that shows what was found."""
    start = text.find("Anomalies Detected:")
    return text[start:text.find("-" * 78, start)] if start >= 0 else ""


def first_run(checks: Checks, binaries: str, data: str, folder: pathlib.Path) -> str:
    demo = Demo(binaries, data, folder)
    try:
        ready = demo.wait_for("Ctrl-C ends the demo", FIRST_SECONDS)
        checks.check("the first run gets to its end", ready, demo.text[-3000:])
        text = demo.text
        found = anomalies(text)
        checks.check("anomalies are found", "1. " in found and "Baseline:" in found, text[-1500:])
        for part in ("Anomaly:", "Duration:", "Possible Cause:", "["):
            checks.check(f"an anomaly tells its {part}", part in found, found[:800])
        checks.check("it says what is real", "real:" in text and "illustrative:" in text)
        checks.check("mail was received", count(text, r"([\d,]+) messages in") > 0, text[-1500:])
        checks.check("events were received", count(text, r"([\d,]+) events in") > 0, text[-1500:])
        checks.check("points were changed",
                     sum(int(n.replace(",", "")) for n in re.findall(r"([\d,]+) changed", text)) > 0,
                     text[-3000:])
        processes = [line for line in left_behind(folder) if "/tidemark-" in line]
        checks.equal("six services run as six processes", len(processes), 6)
        if ready:
            second = Demo(binaries, data, folder)
            checks.check("a second demo beside it is refused", second.wait_for("already", 60),
                         second.text)
            second.stop()
    finally:
        code = demo.stop()
    checks.equal("Ctrl-C is no failure", code, 0)
    checks.equal("nothing is left behind", left_behind(folder), [])
    return demo.text


def second_run(checks: Checks, binaries: str, data: str, folder: pathlib.Path, first: str) -> None:
    demo = Demo(binaries, data, folder)
    try:
        ready = demo.wait_for("Ctrl-C ends the demo", FIRST_SECONDS)
        seconds = time.monotonic() - demo.began
        text = demo.text
        checks.check("the second run gets to its end", ready, text[-3000:])
        checks.check(f"the second run is quick ({seconds:.0f} s)", seconds < SECOND_SECONDS)
        changes = [int(n.replace(",", "")) for n in re.findall(r"([\d,]+) changed", text)]
        checks.check("the second import changes nothing", changes and not any(changes), changes)
        checks.equal("the anomalies are the same", anomalies(text), anomalies(first))
        for word in ("messages", "events"):
            pattern = rf"([\d,]+) {word} in"
            checks.equal(f"no more {word}", count(text, pattern), count(first, pattern))
        with checks.section("the product's endpoints"):
            check_endpoints(checks, text)
    finally:
        demo.stop()
    checks.equal("nothing is left behind again", left_behind(folder), [])


def killed_run(checks: Checks, binaries: str, data: str, folder: pathlib.Path) -> None:
    """kill -9 of the demo itself: the kernel tells its programs, which end by themselves."""
    demo = Demo(binaries, data, folder)
    demo.wait_for("importing", 120)
    demo.process.kill()
    demo.process.wait()
    end = time.monotonic() + 90
    while left_behind(folder) and time.monotonic() < end:
        time.sleep(0.2)
    checks.equal("nothing outlives a killed demo", left_behind(folder), [])


def main() -> int:
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    binaries = str(pathlib.Path(sys.argv[1]).resolve())
    data = sys.argv[2] if len(sys.argv) == 3 else "airlines"
    checks = Checks("check_demo")
    (ROOT / ".tidemark").mkdir(exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="demo-test-", dir=ROOT / ".tidemark"))
    os.chmod(folder, 0o755)
    try:
        with checks.section("the demo"):
            first = first_run(checks, binaries, data, folder)
            second_run(checks, binaries, data, folder, first)
            killed_run(checks, binaries, data, folder)
    finally:
        for place in folder.glob("**/place"):
            elsewhere = pathlib.Path(place.read_text().strip())
            if elsewhere.parent == pathlib.Path("/var/lib/tidemark"):
                shutil.rmtree(elsewhere, ignore_errors=True)
        if not checks.failed:
            shutil.rmtree(folder, ignore_errors=True)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
