"""Programs that the demo starts, each in a process group of its own, and ends again."""

from __future__ import annotations

import os
import pathlib
import re
import signal
import subprocess
import time


class DemoError(Exception):
    """Something that ends the demo, in words for its user."""


class Program:
    """One program in the background, its output in a log."""

    def __init__(self, name: str, command: list, log: pathlib.Path, ready: str) -> None:
        """`ready` is what its output says once it can be used."""
        self.name, self.command, self.log, self.ready = name, command, log, re.compile(ready)
        self.process: subprocess.Popen | None = None
        self.match: re.Match | None = None

    def start(self) -> Program:
        """Starts it and waits for nothing."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.write_bytes(b"")
        with open(self.log, "ab") as output:
            # When the demo itself is killed, the kernel asks its programs to end.
            self.process = subprocess.Popen(
                ["/usr/bin/setpriv", "--pdeathsig", "TERM", "--", *map(str, self.command)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
        return self

    def wait(self, seconds: float = 60) -> re.Match:
        """Waits until it says that it is ready."""
        end = time.monotonic() + seconds
        while True:
            text = self.log.read_text(errors="replace")
            self.match = self.ready.search(text)
            if self.match:
                return self.match
            if self.process.poll() is not None or time.monotonic() > end:
                code = self.process.poll()
                state = "is not ready" if code is None else f"ended with {code}"
                raise DemoError(f"{self.name} {state}; {self.log} ends with\n{text[-2000:]}")
            time.sleep(0.02)

    def stop(self, seconds: float = 30) -> None:
        """Lets it finish what it has begun; what is left of its group then is killed."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process = None


def run(command: list, seconds: float = 600, shown: bool = False) -> str:
    """Runs a program to its end; gives what it printed, or ends the demo with its complaint.

    What it says aside (progress, faults) goes to the user where `shown`.
    """
    done = subprocess.Popen(
        [*map(str, command)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=None if shown else subprocess.PIPE, text=True)
    try:
        output, aside = done.communicate(timeout=seconds)
    except BaseException:
        done.kill()
        done.wait()
        raise
    if done.returncode != 0:
        words = " ".join(str(word) for word in command[:2])
        raise DemoError(f"{words} ended with {done.returncode}\n{(aside or '').strip()[-2000:]}")
    return output
