"""Real series as they are, on the dates by which their visibly disturbed days are known.

The half-real set holds copies of real daily usage, moved in time, with one event put into each; its
labels name the days on which the real series itself is disturbed. Here the same series come without
an event: whatever is found outside of those days is a false alarm.
"""

from __future__ import annotations

import collections
import csv
import dataclasses
import datetime
import json
import pathlib

# Days that must agree before a real series counts as found again.
AGREEING_DAYS = 60


@dataclasses.dataclass
class Untouched:
    """Real series by day, and labels that only tell of disturbed days."""

    series: dict[str, dict[datetime.date, float]]
    labels: dict

    @property
    def years(self) -> float:
        """The length of all series together, in years."""
        return sum(len(values) for values in self.series.values()) / 365.25

    def write_points(self, path: pathlib.Path) -> None:
        """Writes the file that a backtest reads."""
        with path.open("w", encoding="utf-8") as file:
            file.write("customer,metric,date,value\n")
            for name, values in sorted(self.series.items()):
                for day, value in sorted(values.items()):
                    file.write(f"{name},usage,{day},{value:g}\n" if value < 1e5
                               else f"{name},usage,{day},{value:.0f}\n")


def read_untouched(folder: pathlib.Path) -> Untouched | None:
    """The real series of a folder with `index.json`, `real` and `semi`; None without them."""
    needed = [folder / "index.json", folder / "semi" / "daily.csv", folder / "semi" / "labels.json"]
    if not all(path.exists() for path in needed):
        return None
    index = {each["id"]: each for each in json.loads(needed[0].read_text(encoding="utf-8"))}
    labels = json.loads(needed[2].read_text(encoding="utf-8"))
    series = {}
    for base, copy in first_copies(needed[1]).items():
        file = folder / index[base]["file"] if base in index else None
        found = again(read_days(file), copy) if file and file.exists() else None
        if found:
            series[base] = found
    # The copies of a series share its disturbed days; those of the first one stand for all.
    events = [
        event | {"series_id": event["series_id"].replace("~0/", "/")}
        for event in labels["events"]
        if event["type"] == "natural" and "~0/" in event["series_id"]
    ]
    if not series:
        return None
    return Untouched(series, labels | {"events": events, "benign": []})


def first_copies(path: pathlib.Path) -> dict[str, dict[datetime.date, float]]:
    """The first copy of each real series."""
    copies: dict[str, dict[datetime.date, float]] = collections.defaultdict(dict)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            base, _, number = row["customer"].partition("~")
            if number == "0":
                copies[base][datetime.date.fromisoformat(row["date"])] = float(row["value"])
    return copies


def read_days(path: pathlib.Path) -> dict[datetime.date, float]:
    """A real series by day; hours are summed up."""
    days: dict[datetime.date, float] = collections.defaultdict(float)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["value"]:
                days[datetime.date.fromisoformat(row["timestamp"][:10])] += float(row["value"])
    return days


def again(
    real: dict[datetime.date, float], copy: dict[datetime.date, float]
) -> dict[datetime.date, float] | None:
    """The real values on the days of a copy; None where the copy is not found in them."""
    first = sorted(copy)[:AGREEING_DAYS]
    for start in sorted(real):
        shift = first[0] - start
        if all(round(real.get(day - shift, -1.0)) == round(copy[day]) for day in first):
            return {day: real[day - shift] for day in copy if day - shift in real}
    return None
