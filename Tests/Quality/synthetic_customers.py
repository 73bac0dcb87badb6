"""One customer of the synthetic history: its size, rhythm and metrics, before anything happens."""

from __future__ import annotations

import math
import random

from synthetic_events import Happenings, Labeller
from synthetic_habits import Habits
from synthetic_world import Calendar, overdispersed

WEEKS = {
    "office": (1, 1.06, 1.05, 1.03, 0.88, 0.16, 0.13),
    "always": (1, 1, 1, 1, 1, 0.86, 0.84),
    "retail": (0.85, 0.85, 0.9, 0.95, 1.1, 1.35, 1.25),
    "me": (1.05, 1.03, 1, 0.95, 0.3, 0.2, 1.0),
}
# A day's mood stays with the next one so far.
CORRELATION = 0.5


class Customer:
    """What makes one customer's days."""

    def __init__(self, rng: random.Random, name: str, calendar: Calendar) -> None:
        self.name = name
        self.calendar = calendar
        self.region = rng.choices(("US", "EU", "ME", "IN"), (0.5, 0.32, 0.08, 0.1))[0]
        kinds = rng.choices(("office", "always", "retail"), (0.68, 0.22, 0.1))[0]
        self.kind = "me" if self.region == "ME" else kinds
        self.size = math.exp(rng.gauss(4.2, 1.3))
        self.dispersion = math.exp(rng.gauss(-3.2, 0.5))
        self.growth = min(1.4, max(-0.45, rng.gauss(0.1, 0.3)))
        self.week = [share * math.exp(rng.gauss(0, 0.05)) for share in WEEKS[self.kind]]
        self.mood_deviation = 0.1 * math.exp(rng.gauss(0, 0.4))
        self.has_batch = rng.random() < 0.1
        self.onboarding = 0 if rng.random() < 0.85 else rng.randrange(20, 100)
        self.base = self._base(rng)
        self.pattern = [self._pattern(day) for day in range(calendar.days)]

    def _base(self, rng: random.Random) -> list[float]:
        """Growth, a summer dip, and a mood that stays for days."""
        dip, mood, base = abs(rng.gauss(0, 0.12)), 0.0, []
        for day in range(self.calendar.days):
            step = rng.gauss(0, self.mood_deviation * math.sqrt(1 - CORRELATION ** 2))
            mood = CORRELATION * mood + step
            distance = (self.calendar.dates[day].timetuple().tm_yday - 200 + 182) % 365 - 182
            season = 1 - dip * math.exp(-0.5 * (distance / 28) ** 2)
            base.append(math.exp(math.log1p(self.growth) * day / 365 + mood) * season)
        return base

    def _pattern(self, day: int) -> float:
        """Weekday, holiday and the batch on the first of a month."""
        holiday = self.calendar.holiday(self.region, day)
        if self.kind in ("always", "retail"):
            holiday **= 0.35
        batch = 1.45 if self.has_batch and self.calendar.dates[day].day == 1 else 1.0
        return self.week[self.calendar.weekday(day)] * holiday * batch

    def means(self, rng: random.Random) -> dict[str, list[float]]:
        """What is to be expected of each base metric on each day."""
        count = 4
        weights = [rng.gammavariate(0.9, 1) for _ in range(count)]
        found = {}
        for place in range(count):
            drift, share = 0.0, weights[place] / sum(weights)
            means = []
            for base, pattern in zip(self.base, self.pattern):
                drift += rng.gauss(0, 0.004)
                means.append(self.size * 8 * share * base * pattern * math.exp(drift))
            found[f"feature_{place}"] = means
        found["logins"] = [self.size * 0.7 * b * p for b, p in zip(self.base, self.pattern)]
        scale = self.size * 40 * math.exp(rng.gauss(0, 1))
        found["api_calls"] = [
            scale * b * (0.35 + 0.65 * p) for b, p in zip(self.base, self.pattern)]
        return found


def label_harmless(customer: Customer, labels: Labeller) -> None:
    """Holidays and batches, which must not be taken for events."""
    for day in range(customer.calendar.days):
        if customer.calendar.holiday(customer.region, day) < 0.75 and day > 60:
            labels.benign(f"{customer.name}/*", "holiday", day, day)
        if customer.has_batch and customer.calendar.dates[day].day == 1:
            labels.benign(f"{customer.name}/*", "month_start_batch", day, day)


def series_of(
    customer: Customer, rng: random.Random, labels: Labeller,
    outages: list[tuple[int, int, float]], habits: Habits | None = None,
) -> dict[str, list[float]]:
    """All series of a customer; NaN is missing. What happens in them is labelled."""
    days = customer.calendar.days
    label_harmless(customer, labels)
    means = customer.means(rng)
    happenings = Happenings(customer, means, rng, labels, outages)
    happenings.happen()
    usual = habits.factors(list(means)) if habits else {}
    left = [1.0] * days
    for start, length, share in outages:
        for day in range(start, start + length):
            left[day] = min(0.9, max(0.02, share * math.exp(rng.gauss(0, 0.15))))
    found: dict[str, list[float]] = {}
    for metric, expected in means.items():
        factors = happenings.factors[metric]
        if metric in usual:
            factors = [a * b for a, b in zip(factors, usual[metric])]
        values = [
            float(overdispersed(rng, expected[day] * factors[day] * left[day], customer.dispersion))
            for day in range(days)
        ]
        if metric.startswith("feature") and rng.random() < 0.04:
            # Reported now and then only: zeros are its normal state.
            values = [value * (rng.random() < 0.55) for value in values]
        found[metric] = happenings.overridden(metric, values)
    derive(customer, rng, found)
    forget(customer, rng, found, labels)
    return found


def derive(customer: Customer, rng: random.Random, found: dict[str, list[float]]) -> None:
    """The figures that follow from the others: a total, a health score, revenue."""
    features = [values for metric, values in found.items() if metric.startswith("feature")]
    total = [sum(values) for values in zip(*features)]
    level, scores = 75 + rng.gauss(0, 8), []
    for day in range(len(total)):
        week, quarter = total[max(0, day - 6):day + 1], total[max(0, day - 90):day + 1]
        usual = sum(quarter) / len(quarter)
        ratio = sum(week) / len(week) / usual if usual > 0 else 1.0
        score = level + 18 * math.log(min(3, max(0.1, ratio))) + rng.gauss(0, 1.2)
        scores.append(round(min(100.0, max(0.0, score)), 1))
    rate, fee = math.exp(rng.gauss(-4, 0.5)), round(customer.size * 12)
    revenue = [round(fee / 30 + rate * value, 2) for value in found["api_calls"]]
    found |= {"events_total": total, "health_score": scores, "revenue": revenue}


def forget(
    customer: Customer, rng: random.Random, found: dict[str, list[float]], labels: Labeller
) -> None:
    """Values before the first day, and the gaps of real deliveries."""
    days = customer.calendar.days
    gap = range(0)
    if rng.random() < 0.25:
        start = rng.randrange(60, days - 20)
        gap = range(start, start + rng.randrange(2, 8))
    for metric, values in found.items():
        for day in range(days):
            if day < customer.onboarding or day in gap or rng.random() < 0.006:
                values[day] = math.nan
        if gap:
            labels.benign(f"{customer.name}/{metric}", "data_gap", gap[0], gap[-1] + 1)
