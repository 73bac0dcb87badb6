#!/usr/bin/env python3
"""Writes a synthetic history with known events: usage of business customers by day and by hour.

usage: generate.py FOLDER [--customers 30] [--days 400] [--hourly-customers 10] [--hourly-days 90]
                   [--habits 0] [--seed 11]

Writes daily.csv, hourly.csv, meta.json (customers, holidays), labels.json and labels_hourly.json.
With --habits 50 half of the series repeat something harmless that looks like an event. The same
arguments give the same bytes. Of an event that is `detectable` there is enough to see: its signal
is four times its noise or more.
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import pathlib
import random

from synthetic_customers import Customer, series_of
from synthetic_events import Labeller
from synthetic_habits import Habits
from synthetic_hours import write_hours
from synthetic_world import REGIONS, Calendar, round_text

START = datetime.date(2023, 1, 2)


def platform_outages(rng: random.Random, calendar: Calendar) -> list[tuple[int, int, float]]:
    """Two outages as (day, days, share that is left), on working days without a holiday."""
    half = calendar.days // 2
    outages = []
    for (low, high), length, share in (
        ((150, half + 30), 1, 0.15), ((half + 50, calendar.days - 30), 2, 0.45),
    ):
        day = rng.randrange(low, max(low + 1, high))
        while calendar.weekday(day) > 3 or any(
            calendar.holiday(region, day + i) < 1 for region in REGIONS for i in range(length)
        ):
            day += 1
        outages.append((day, length, share))
    return outages


def write_daily(folder: pathlib.Path, options: argparse.Namespace) -> None:
    """The daily history with its labels and customers."""
    rng = random.Random(options.seed)
    calendar = Calendar(START, options.days)
    outages = platform_outages(rng, calendar)
    labels = Labeller(calendar)
    for place, (day, length, share) in enumerate(outages):
        difficulty = "medium" if place else "easy"
        labels.event("*", "platform_outage", day, length, 3, difficulty, share, 50)
    customers, series = [], 0
    with (folder / "daily.csv").open("w", encoding="utf-8") as file:
        file.write("series_id,customer,metric,date,value\n")
        for number in range(options.customers):
            # A stream of its own, so that one more draw for one customer leaves the others alone.
            own = random.Random(f"{options.seed}/{number}")
            customer = Customer(own, f"c{number:03d}", calendar)
            customers.append({"customer": customer.name, "region": customer.region})
            habits = None
            if options.habits:
                stream = random.Random(f"{options.seed}/{number}/habits")
                habits = Habits(customer, stream, labels, options.habits)
            for metric, values in series_of(customer, own, labels, outages, habits).items():
                series += 1
                for day, value in enumerate(values):
                    if not math.isnan(value):
                        file.write(
                            f"{customer.name}/{metric},{customer.name},{metric},"
                            f"{calendar.text(day)},{round_text(value)}\n")
    holidays = {region: calendar.holiday_texts(region) for region in REGIONS}
    write_json(folder / "meta.json", {"customers": customers, "holidays": holidays})
    write_json(folder / "labels.json", labels.content(series, "day"))


def write_json(path: pathlib.Path, content: dict) -> None:
    """Writes JSON that is the same for the same content."""
    path.write_text(json.dumps(content, indent=0) + "\n", encoding="utf-8")


def generate(folder: pathlib.Path, words: list[str] | None = None) -> None:
    """Writes all files into a folder that is there."""
    parser = argparse.ArgumentParser()
    for name, value in (
        ("customers", 30), ("days", 400), ("hourly-customers", 10), ("hourly-days", 90),
        ("habits", 0), ("seed", 11),
    ):
        parser.add_argument(f"--{name}", type=int, default=value)
    options = parser.parse_args(words or [])
    write_daily(folder, options)
    rng = random.Random(f"{options.seed}/hours")
    labels = write_hours(
        folder / "hourly.csv", rng, START, options.hourly_customers, options.hourly_days)
    write_json(folder / "labels_hourly.json", labels)


def main() -> None:
    """Reads the command line."""
    import sys

    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    generate(folder, sys.argv[2:])


if __name__ == "__main__":
    main()
