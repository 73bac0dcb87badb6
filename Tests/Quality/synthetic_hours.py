"""The hourly part of the synthetic history."""

from __future__ import annotations

import datetime
import math
import pathlib
import random

from synthetic_events import DETECTABLE_SIGNAL, DIFFICULTIES
from synthetic_world import overdispersed

OFFICE = (1, 1.06, 1.05, 1.03, 0.88, 0.16, 0.13)
ALWAYS = (1, 1, 1, 1, 1, 0.86, 0.84)
DAY = [math.exp(-0.5 * ((hour - 13.5) / 3.6) ** 2) + 0.05 for hour in range(24)]
SIZES = {"drop": (0.03, 0.3, 0.5), "spike": (6.0, 3.0, 2.0), "level_down": (0.25, 0.5, 0.7)}
OUTAGE_HOURS = 4
# Hours before the first event of a series and between two of them.
QUIET_HOURS, APART_HOURS = 35 * 24, 10 * 24


class Hours:
    """The hours of the history with their labels."""

    def __init__(self, start: datetime.date, days: int, outage: int) -> None:
        self.start = datetime.datetime.combine(start, datetime.time())
        self.count = days * 24
        self.outage = outage
        self.events: list[dict] = []

    def text(self, hour: int) -> str:
        """The moment of an hour."""
        return (self.start + datetime.timedelta(hours=min(hour, self.count - 1))).isoformat()

    def event(
        self, series: str, kind: str, hour: int, hours: int, grace: int, difficulty: str,
        size: float, signal: float,
    ) -> None:
        """Something real from an hour on."""
        self.events.append({
            "series_id": series, "type": kind, "start": self.text(hour),
            "end": self.text(hour + hours - 1), "grace_end": self.text(hour + hours - 1 + grace),
            "difficulty": difficulty, "magnitude": size, "snr": round(signal, 2),
            "detectable": signal >= DETECTABLE_SIGNAL,
        })


def write_hours(
    path: pathlib.Path, rng: random.Random, start: datetime.date, customers: int, days: int
) -> dict:
    """Writes the points; gives the labels."""
    outage = rng.randrange(45, days - 10) * 24 + 11
    while (start + datetime.timedelta(outage // 24)).weekday() > 4:
        outage += 24
    hours = Hours(start, days, outage)
    hours.event("*", "platform_outage", outage, OUTAGE_HOURS, 9, "easy", 0.05, 50)
    with path.open("w", encoding="utf-8") as file:
        file.write("series_id,customer,metric,timestamp,value\n")
        for number in range(customers):
            for metric, scale in (("api_calls", 60), ("logins", 4)):
                name = f"h{number:03d}"
                for hour, value in one_series(hours, rng, f"{name}/{metric}", scale):
                    file.write(f"{name}/{metric},{name},{metric},{hours.text(hour)},{value}\n")
    return {
        "period": "hour", "first_day": hours.text(0), "last_day": hours.text(hours.count - 1),
        "n_series": 2 * customers, "events": hours.events, "benign": [],
    }


def one_series(
    hours: Hours, rng: random.Random, name: str, scale: float
) -> list[tuple[int, int]]:
    """Hours with their values; a missing one is left out."""
    size = math.exp(rng.gauss(1.2, 1.1)) * scale
    dispersion = math.exp(rng.gauss(-3, 0.4))
    week = OFFICE if rng.random() < 0.75 else ALWAYS
    shift, growth, mood = rng.randrange(-2, 3), rng.gauss(0.1, 0.3), 0.0
    means = []
    for hour in range(hours.count):
        mood = 0.8 * mood + rng.gauss(0, 0.06)
        weekday = (hours.start.weekday() + hour // 24) % 7
        share = DAY[(hour - shift) % 24] * week[weekday]
        means.append(size * share * math.exp(mood + growth * hour / 8_760))
    factors = [1.0] * hours.count
    happen(hours, rng, name, means, factors, dispersion)
    for hour in range(hours.outage, hours.outage + OUTAGE_HOURS):
        factors[hour] *= 0.05
    values = [overdispersed(rng, m * f, dispersion) for m, f in zip(means, factors)]
    return [(hour, value) for hour, value in enumerate(values) if rng.random() >= 0.003]


def happen(
    hours: Hours, rng: random.Random, name: str, means: list[float], factors: list[float],
    dispersion: float,
) -> None:
    """Lets things happen to one series, during working hours."""
    free = QUIET_HOURS
    for _ in range(rng.randrange(1, 4)):
        kind = rng.choice(("drop", "drop", "spike", "level_down", "abandonment"))
        hard = rng.choices(range(3), (0.35, 0.4, 0.25))[0]
        last_day = hours.count // 24 - 10
        if free // 24 + 1 >= last_day:
            return
        start = rng.randrange(free // 24 + 1, last_day) * 24 + rng.randrange(8, 15)
        weekday = (hours.start.weekday() + start // 24) % 7
        if weekday > 4:
            start += (7 - weekday) * 24
        if abs(start - hours.outage) < 72 or start > hours.count - 9 * 24:
            continue
        is_short = kind in ("drop", "spike")
        length = rng.randrange(3, 8) if is_short else 168
        size = 0.0 if kind == "abandonment" else SIZES[kind][hard]
        for hour in range(start, start + length if is_short else hours.count):
            factors[hour] *= size
        usual = sum(means[start:start + min(length, 24)]) / min(length, 24)
        noise = math.sqrt(dispersion + 0.02 + 1 / max(usual, 1e-3))
        signal = abs(math.log(max(size, 0.05))) / noise * math.sqrt(max(1, min(length, 24) / 3))
        hours.event(
            name, kind, start, length, 24 if is_short else 48, DIFFICULTIES[hard], size, signal)
        free = start + length + APART_HOURS
        if not is_short:
            return
