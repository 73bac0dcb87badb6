"""Holds alarms about real customers against what these customers did next.

Weekly orders of each customer; week 0 is the first one of the file. A customer is established once
it has six orders over thirteen weeks, and has left when its last order lies 26 weeks or more before
the end. An alarm is true when its customer leaves (from eight weeks before the last order on) or
orders less than half of what it did in the thirteen weeks that follow; a leaver is found in time
when an alarm comes no later than twelve weeks after its last order, for later is too late to act.
"""

from __future__ import annotations

import collections
import csv
import dataclasses
import datetime
import math
import pathlib
import statistics

DOWN = {"drop", "level_down", "gradual_decline", "abandonment"}
WEEKS_PER_YEAR = 52.18
ESTABLISHED_ORDERS, ESTABLISHED_WEEKS = 6, 13
GONE_WEEKS, EARLY_WEEKS, TIMELY_WEEKS = 26, 8, 12
# An alarm speaks for so many weeks; further ones in them say nothing new.
REFRACTORY_WEEKS = 13


@dataclasses.dataclass
class Outcome:
    """What the alarms came to."""

    leavers: int
    found: int
    true_alarms: int
    false_alarms: int
    false_alarms_per_customer_year: float
    delay_weeks: float

    @property
    def recall(self) -> float:
        """The share of leavers that were found in time."""
        return self.found / max(1, self.leavers)

    @property
    def precision(self) -> float:
        """The share of alarms that were true."""
        return self.true_alarms / max(1, self.true_alarms + self.false_alarms)

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        both = self.recall + self.precision
        return 2 * self.recall * self.precision / both if both else 0.0


@dataclasses.dataclass(frozen=True)
class Orders:
    """Weekly orders of all customers."""

    first_monday: datetime.date
    weeks: int
    by_customer: dict[str, list[float]]
    first_week: dict[str, int]

    def week(self, day: str) -> int:
        """The week of a date."""
        return (datetime.date.fromisoformat(day[:10]) - self.first_monday).days // 7


def read_orders(path: pathlib.Path) -> Orders:
    """The metric `orders` of a file of weekly points."""
    found: dict[str, dict[datetime.date, float]] = collections.defaultdict(dict)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["metric"] == "orders":
                day = datetime.date.fromisoformat(row["date"])
                found[row["customer"]][day] = float(row["value"])
    first = min(min(weeks) for weeks in found.values())
    count = (max(max(weeks) for weeks in found.values()) - first).days // 7 + 1
    return Orders(
        first, count,
        {customer: [weeks.get(first + datetime.timedelta(7 * i), 0.0) for i in range(count)]
         for customer, weeks in found.items()},
        {customer: (min(weeks) - first).days // 7 for customer, weeks in found.items()})


def read_alarms(path: pathlib.Path, orders: Orders) -> dict[str, list[int]]:
    """The weeks of alarms that a customer orders less, from a file of detections."""
    alarms: dict[str, list[int]] = collections.defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            customer, _, metric = row["series_id"].partition("/")
            if customer in orders.by_customer and metric in ("orders", "*") and row["type"] in DOWN:
                alarms[customer].append(orders.week(row["detected_at"]))
    return alarms


def established_week(values: list[float], first: int) -> int | None:
    """The week from which on a customer is established."""
    total = 0.0
    for week, value in enumerate(values):
        total += value
        if total >= ESTABLISHED_ORDERS and week - first >= ESTABLISHED_WEEKS:
            return week
    return None


def is_true(values: list[float], week: int) -> bool:
    """Whether a customer ordered less than half in the quarter after an alarm."""
    before = sum(values[max(0, week - 25):week + 1]) / 26
    after = sum(values[week + 1:week + 14]) / 13
    return after < 0.5 * before or before == 0


def evaluate(alarms: dict[str, list[int]], orders: Orders) -> Outcome:
    """Holds alarms, as weeks of each customer, against the orders."""
    outcome = Outcome(0, 0, 0, 0, 0.0, math.nan)
    delays: list[int] = []
    years = 0.0
    end = orders.weeks - 1
    for customer, values in orders.by_customer.items():
        start = established_week(values, orders.first_week[customer])
        if start is None:
            continue
        last = max(week for week, value in enumerate(values) if value > 0)
        is_gone = end - last >= GONE_WEEKS and last >= start
        years += ((last if is_gone else end) - start + 1) / WEEKS_PER_YEAR
        outcome.leavers += is_gone
        previous = None
        is_found = False
        for week in sorted(alarms.get(customer, [])):
            if week < start or (previous is not None and week - previous < REFRACTORY_WEEKS):
                continue
            previous = week
            if is_gone and week >= last - EARLY_WEEKS:
                outcome.true_alarms += 1
                if not is_found:
                    is_found = True
                    outcome.found += week - last <= TIMELY_WEEKS
                    delays.append(week - last)
            elif week + REFRACTORY_WEEKS <= end:
                if is_true(values, week):
                    outcome.true_alarms += 1
                else:
                    outcome.false_alarms += 1
    outcome.false_alarms_per_customer_year = outcome.false_alarms / max(1e-9, years)
    outcome.delay_weeks = statistics.median(delays) if delays else math.nan
    return outcome
