"""Counts what was checked and ends with one line that says how it went."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator


class Checks:
    """The checks of one program: each has a name and either holds or does not."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.passed = 0
        self.failed: list[str] = []
        self.skipped: list[str] = []
        self.started = time.monotonic()

    def check(self, name: str, holds: bool, detail: object = "") -> bool:
        """Notes one check. The detail is printed only when it does not hold."""
        if holds:
            self.passed += 1
        else:
            self.failed.append(name)
            print(f"{self.title}: FAILED {name}: {detail}", flush=True)
        return holds

    def equal(self, name: str, seen: object, wanted: object) -> bool:
        """Checks that two things are the same."""
        return self.check(name, seen == wanted, f"seen {seen!r}, wanted {wanted!r}")

    def skip(self, name: str, reason: str) -> None:
        """Notes a check that could not be made here, and why."""
        self.skipped.append(name)
        print(f"{self.title}: skipped {name}: {reason}", flush=True)

    @contextlib.contextmanager
    def section(self, name: str) -> Iterator[None]:
        """Runs a group of checks. What it raises fails the group, and the others still run."""
        try:
            yield
        except Exception as error:  # noqa: BLE001: any surprise is a failed check
            self.failed.append(name)
            print(f"{self.title}: FAILED {name}: {type(error).__name__}: {error}", flush=True)

    def finish(self) -> int:
        """Prints the closing line and gives the exit code."""
        seconds = time.monotonic() - self.started
        skipped = f", {len(self.skipped)} skipped" if self.skipped else ""
        print(
            f"{self.title}: {self.passed} passed, {len(self.failed)} failed{skipped}"
            f" ({seconds:.1f} s)",
            flush=True,
        )
        return 1 if self.failed or self.passed == 0 else 0


def arguments(*names: str) -> list[str]:
    """Takes the positional arguments or says what was expected and exits with 2."""
    given = sys.argv[1 : len(names) + 1]
    if len(given) < len(names):
        print(f"usage: {sys.argv[0]} {' '.join(names)}", file=sys.stderr)
        raise SystemExit(2)
    return given
