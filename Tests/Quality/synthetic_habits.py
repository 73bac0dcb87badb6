"""What customers of the synthetic history do again and again, and nobody needs to hear of."""

from __future__ import annotations

import random
import typing

from synthetic_events import Labeller

if typing.TYPE_CHECKING:
    from synthetic_customers import Customer

# What a habit does to a day, how many days it takes, and whether all metrics take part; each with
# its share in per cent.
KINDS = {
    "campaign": ((2.2, 4.0), (1, 3), False, 35),
    "maintenance": ((0.08, 0.4), (1, 2), False, 35),
    "own_holiday": ((0.1, 0.35), (1, 2), True, 15),
    "monthly_batch": ((2.0, 3.5), (1, 1), False, 15),
}
# Days from one time to the next, of those that have no date of their own.
PAUSE_DAYS = (18, 60)
# No two times are quite alike.
SIZE_DEVIATION = 0.12
FIRST_DAY = 60


class Habits:
    """The habits of one customer: a factor on each day of each metric.

    They are drawn from a stream of their own, so that with and without them the rest is the same.
    """

    def __init__(
        self, customer: Customer, rng: random.Random, labels: Labeller, percent: int
    ) -> None:
        self.customer = customer
        self.rng = rng
        self.labels = labels
        self.percent = percent

    def factors(self, metrics: list[str]) -> dict[str, list[float]]:
        """What is left of the usual on each day, 1 on most of them."""
        days = self.customer.calendar.days
        found = {metric: [1.0] * days for metric in metrics}
        for metric in metrics:
            if self.rng.random() * 100 >= self.percent:
                continue
            shares = [share for _, _, _, share in KINDS.values()]
            kind = self.rng.choices(list(KINDS), shares)[0]
            sizes, lengths, is_whole, _ = KINDS[kind]
            size = self.rng.uniform(*sizes)
            name = f"{self.customer.name}/{'*' if is_whole else metric}"
            for start in self._starts(kind):
                length = self.rng.randint(*lengths)
                once = size * self.rng.lognormvariate(0, SIZE_DEVIATION)
                last = min(start + length, days) - 1
                self.labels.benign(name, kind, start, last)
                for each in metrics if is_whole else [metric]:
                    for day in range(start, last + 1):
                        found[each][day] *= once
        return found

    def _starts(self, kind: str) -> list[int]:
        """The first days."""
        calendar = self.customer.calendar
        if kind == "monthly_batch":
            date = self.rng.randint(1, 28)
            return [d for d in range(FIRST_DAY, calendar.days) if calendar.dates[d].day == date]
        starts, day = [], FIRST_DAY + self.rng.randrange(PAUSE_DAYS[1])
        while day < calendar.days:
            # Nobody campaigns or repairs on a weekend.
            starts.append(day + max(0, calendar.weekday(day) - 4) % 3)
            day += self.rng.randint(*PAUSE_DAYS)
        return [each for each in starts if each < calendar.days]
