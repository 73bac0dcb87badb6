#!/usr/bin/env python3
"""Shows Tidemark at work on real data: six services, an import, a scan, the anomalies found.

usage: run.py [--data airlines|retail] --binaries FOLDER [--folder FOLDER] [--once]

Stays until Ctrl-C, which drains the services and stops PostgreSQL last; with --once it ends by
itself. A second run finds everything done and changes nothing.
"""

from __future__ import annotations

import argparse
import fcntl
import pathlib
import signal
import sys
import threading
import time

import words
from data import prepare
from household import Household
from programs import DemoError

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Stop(BaseException):
    """Ctrl-C, or a SIGTERM."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", choices=["airlines", "retail"], default="airlines")
    parser.add_argument("--binaries", type=pathlib.Path, required=True,
                        help="the folder of the built programs")
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / ".tidemark",
                        help="where all of the demo is kept")
    parser.add_argument("--once", action="store_true", help="end instead of waiting for Ctrl-C")
    return parser.parse_args()


def hold(folder: pathlib.Path):
    """Takes the folder for this run alone."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = open(folder / "demo.lock", "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise DemoError(f"a demo is running in {folder} already; end it with Ctrl-C first")
    return lock


def show(house: Household, manifest: dict, once: bool) -> None:
    """The whole demo once the services run."""
    words.say("importing")
    print(house.import_files(manifest), flush=True)
    words.say("scanning; history is told to the receivers too, so that mail and events are seen")
    print(house.scan(manifest), flush=True)
    words.say("waiting until every notification is delivered")
    house.wait_for_deliveries()
    print(words.RULE)
    print(house.anomalies(), flush=True)
    print(words.RULE)
    print(words.summary(house, manifest), flush=True)
    if not once:
        words.say("Ctrl-C ends the demo")
        # A plain wait would not hear the signal on every system.
        never = threading.Event()
        while not never.wait(3600):
            pass


def main() -> int:
    options = arguments()
    began = time.monotonic()

    def stop(*_: object) -> None:
        # The first signal ends the demo; while it tidies up, others change nothing.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Stop

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    house = lock = None
    try:
        lock = hold(options.folder)
        words.say(f"preparing the data ({options.data})")
        files = options.folder / "demo" / options.data / "files"
        manifest = prepare(options.data, ROOT, files)
        print(f"real:         {manifest['real']}\nillustrative: {manifest['illustrative']}")
        house = Household(options.data, options.binaries.resolve(), options.folder, files)
        house.start()
        show(house, manifest, options.once)
        code = 0
    except Stop:
        code = 130
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr, flush=True)
        code = 1
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if house is not None:
            words.say("draining the services, then stopping PostgreSQL")
            house.stop()
            words.say(f"ended, nothing is left running ({time.monotonic() - began:.0f} s)")
        del lock
    return 0 if code == 130 else code


if __name__ == "__main__":
    sys.exit(main())
