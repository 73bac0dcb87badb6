#!/usr/bin/env python3
"""Measures detection quality: replays histories and judges what was found.

usage: quality.py PROGRAM [--data FOLDER] [--no-small] [--quick] [--ratchet check|update]

PROGRAM is a built `tidemark`. The small synthetic sets are generated on the spot. FOLDER may hold
data/synth, data/semi, data/real and dev/weekly.csv, and the demo's airlines are measured once it has
downloaded their package; what is missing is not measured. --quick leaves out the feedback, for which
a long history is replayed several times: for programs that are not optimised. Fails when a figure is
worse than the one kept in ratchet.json; `--ratchet update` keeps the present ones.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
import tempfile
import time

import figures
import generate
from backtests import (
    Measured, measure_outcomes, measure_streams, measure_synthetic, measure_untouched)
from feedback import measure_feedback
from flights import measure_airlines
from ratchet import Ratchet

# Customers with habits that look like events, over more than a year of dismissals.
HABITS = [
    "--customers", "80", "--days", "800", "--habits", "40", "--hourly-customers", "0",
    "--seed", "12"]


def measured_sets(options: argparse.Namespace, scratch: pathlib.Path):
    """Each data set as (name, figures, what was measured or None)."""
    program, data = options.program, options.data
    if not options.no_small:
        small = scratch / "small"
        small.mkdir()
        generate.generate(small)
        yield "small daily", figures.DAILY, measure_synthetic(program, small, "day", scratch)
        yield "small hourly", figures.HOURLY, measure_synthetic(program, small, "hour", scratch)
    if not options.no_small and not options.quick:
        habits = scratch / "habits"
        habits.mkdir()
        generate.generate(habits, HABITS)
        yield "small feedback", figures.FEEDBACK, measure_feedback(program, habits, scratch)
    # Without a folder there is nothing in it either: its sets are named as not measured.
    data = data or scratch / "none"
    synthetic, half_real = data / "data" / "synth", data / "data" / "semi"
    yield "synth daily", figures.DAILY, measure_synthetic(program, synthetic, "day", scratch)
    yield "synth hourly", figures.HOURLY, measure_synthetic(program, synthetic, "hour", scratch)
    yield "half-real", figures.HALF_REAL, measure_synthetic(program, half_real, "day", scratch)
    yield "untouched real", figures.UNTOUCHED, measure_untouched(program, data / "data", scratch)
    yield "NAB stream", figures.STREAMS, measure_streams(program, data / "data", scratch)
    yield "retail outcomes", figures.OUTCOMES, measure_outcomes(program, data / "dev", scratch)
    yield "airlines", figures.AIRLINES, measure_airlines(program, scratch)


def report(
    name: str, wanted: tuple[figures.Figure, ...], found: Measured | None, ratchet: Ratchet,
    is_update: bool,
) -> list[str]:
    """Prints the table of one data set; gives what has become worse."""
    if found is None:
        print(f"\n{name}: not measured: its files are not there", flush=True)
        return []
    title = f"{name} ({found.series:,} series, {found.points:,} points)"
    kept = ratchet.kept(name, found.mark)
    print("\n".join(figures.table(title, wanted, found.figures, kept)), flush=True)
    lost = ratchet.lost(name, found.mark, wanted, found.figures)
    if ratchet.is_of_other_data(name, found.mark):
        print(f"  other data than the kept figures of {name} were reached on", flush=True)
        # The small set is made here: when it is another one, its figures must be kept anew.
        if name.startswith("small"):
            lost.append(f"{name}: its data have changed; keep its figures anew")
    if is_update:
        ratchet.keep(name, found.mark, wanted, found.figures)
    return lost


def main() -> int:
    """Measures all sets."""
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--no-small", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--ratchet", choices=("check", "update"), default="check")
    options = parser.parse_args()
    if options.data is not None and not options.data.is_dir():
        sys.exit(f"quality: {options.data}: there is no such folder")
    started = time.monotonic()
    ratchet = Ratchet()
    lost: list[str] = []
    with tempfile.TemporaryDirectory(prefix="tidemark-quality-") as folder:
        for name, wanted, found in measured_sets(options, pathlib.Path(folder)):
            lost += report(name, wanted, found, ratchet, options.ratchet == "update")
    print()
    for each in lost:
        print(f"quality: worse than before: {each}")
    seconds = time.monotonic() - started
    if options.ratchet == "update":
        ratchet.write()
        print(f"quality: {ratchet.path.name} holds the present figures ({seconds:.0f} s)")
        return 0
    verdict = f"{len(lost)} figures are" if lost else "nothing is"
    print(f"quality: {verdict} worse than before ({seconds:.0f} s)")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
