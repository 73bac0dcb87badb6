"""What the fault test sends: whole days of points of many customers, with planted drops."""

from __future__ import annotations

import dataclasses
import functools
import random
from collections.abc import Iterator

SET_METRICS = ["api_calls", "logins", "reports", "exports"]
INCREMENT_METRIC = "orders"
METRICS = [*SET_METRICS, INCREMENT_METRIC]
DAYS = 100
# 2025-01-01 as a count of days from 1970-01-01.
FIRST_DAY = 20_089
POINTS_PER_CUSTOMER = DAYS * len(METRICS)


@dataclasses.dataclass(frozen=True)
class Batch:
    """One request of points: rows of (customer, metric, day, value)."""

    source: str
    sequence: int
    is_increment: bool
    rows: tuple[tuple[int, int, int, float], ...]


@dataclasses.dataclass(frozen=True)
class Plan:
    """All that is sent, the same for the same seed and size."""

    customers: int
    sources: int
    seed: int

    @staticmethod
    def of_points(points: int, sources: int = 4, seed: int = 1) -> Plan:
        """The plan with at least so many points."""
        return Plan(-(-points // POINTS_PER_CUSTOMER), sources, seed)

    @property
    def points(self) -> int:
        """How many rows are sent."""
        return self.customers * POINTS_PER_CUSTOMER

    def drop(self, customer: int, metric: int) -> range:
        """The days on which a series falls to a tenth; empty for most."""
        if metric != customer % len(METRICS):
            return range(0)
        if customer % 17 == 3:
            return range(82, 90)
        # Begins on the last day: what a daily scan tells people of.
        return range(DAYS - 1, DAYS) if customer % 17 == 9 else range(0)

    def planted(self) -> list[tuple[int, int, range]]:
        """All series with a drop."""
        series = ((c, m) for c in range(self.customers) for m in range(len(METRICS)))
        return [(c, m, self.drop(c, m)) for c, m in series if self.drop(c, m)]

    @functools.cache  # noqa: B019: a plan lives as long as its program
    def noise(self, customer: int, metric: int) -> tuple[float, ...]:
        """One series' deviations, in standard deviations."""
        chance = random.Random(f"{self.seed}/{customer}/{metric}")
        return tuple(chance.gauss(0, 1) for _ in range(DAYS))

    def value(self, customer: int, metric: int, day: int) -> float:
        """The value of one series on one day, a whole number."""
        noise = self.noise(customer, metric)[day]
        level = 400 + 37 * (customer % 23) + 90 * metric
        weekday = (1.0, 1.05, 1.1, 1.05, 1.0, 0.6, 0.5)[(FIRST_DAY + day) % 7]
        value = level * weekday * (1 + 0.04 * noise)
        return float(round(value * 0.1 if day in self.drop(customer, metric) else value))

    def batches(self, source_index: int) -> Iterator[Batch]:
        """What one source sends, in order: each day a batch of values and one of increments."""
        mine = range(source_index, self.customers, self.sources)
        sequence = 0
        for day in range(DAYS):
            for is_increment in (False, True):
                sequence += 1
                metrics = [len(SET_METRICS)] if is_increment else range(len(SET_METRICS))
                rows = tuple(
                    (c, m, day, self.value(c, m, day)) for c in mine for m in metrics
                )
                yield Batch(self.source(source_index), sequence, is_increment, rows)

    def source(self, index: int) -> str:
        """The name of one source."""
        return f"fault-test-{index}"

    def customer_id(self, customer: int) -> str:
        """The external id of one customer."""
        return f"customer-{customer:05d}"
