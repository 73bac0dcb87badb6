"""Days, holidays and chance for the synthetic history; the standard library alone."""

from __future__ import annotations

import datetime
import math
import random

REGIONS = ("US", "EU", "ME", "IN")
# Above this mean a count is drawn from the normal distribution.
POISSON_EXACT_MAX = 40.0


class Calendar:
    """The days of a history, and what share of the usual is left on the holidays of a region."""

    def __init__(self, start: datetime.date, days: int) -> None:
        self.days = days
        self.dates = [start + datetime.timedelta(i) for i in range(days)]
        years = range(start.year, self.dates[-1].year + 1)
        self._holidays = {
            region: {day: share for year in years for day, share in holidays(region, year).items()}
            for region in REGIONS
        }

    def weekday(self, day: int) -> int:
        """0 for Monday."""
        return self.dates[min(day, self.days - 1)].weekday()

    def holiday(self, region: str, day: int) -> float:
        """The share of the usual that is left; 1 on other days."""
        return self._holidays[region].get(self.dates[min(day, self.days - 1)], 1.0)

    def holiday_texts(self, region: str) -> list[str]:
        """The holidays as dates."""
        return sorted(day.isoformat() for day in self._holidays[region])

    def text(self, day: int) -> str:
        """The date of a day; one outside of the history is taken for its first or last."""
        return self.dates[min(max(day, 0), self.days - 1)].isoformat()


def nth_weekday(year: int, month: int, weekday: int, number: int) -> datetime.date:
    """Such as the fourth Thursday of November."""
    first = datetime.date(year, month, 1)
    return first + datetime.timedelta((weekday - first.weekday()) % 7 + 7 * (number - 1))


def easter(year: int) -> datetime.date:
    """Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (b - (b + 8) // 25 + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    k = (32 + 2 * e + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    month, day = divmod(h + k - 7 * m + 114, 31)
    return datetime.date(year, month, day + 1)


def holidays(region: str, year: int) -> dict[datetime.date, float]:
    """The holidays of a region, with the share of the usual that is left."""
    day, step = datetime.date, datetime.timedelta
    if region == "US":
        thanksgiving = nth_weekday(year, 11, 3, 4)
        return {
            day(year, 1, 1): 0.15, nth_weekday(year, 1, 0, 3): 0.6, day(year, 7, 4): 0.15,
            nth_weekday(year, 9, 0, 1): 0.2, thanksgiving: 0.1, thanksgiving + step(1): 0.3,
            day(year, 12, 24): 0.35, day(year, 12, 25): 0.08, day(year, 12, 31): 0.5,
        }
    if region == "EU":
        sunday = easter(year)
        return {
            day(year, 1, 1): 0.1, sunday - step(2): 0.2, sunday + step(1): 0.15,
            day(year, 5, 1): 0.15, sunday + step(39): 0.3, sunday + step(50): 0.2,
            day(year, 8, 15): 0.45, day(year, 11, 1): 0.5, day(year, 12, 24): 0.25,
            day(year, 12, 25): 0.06, day(year, 12, 26): 0.1, day(year, 12, 31): 0.3,
        }
    if region == "ME":
        first = 21 if year == 2023 else 10
        return {
            day(year, 1, 1): 0.5, day(year, 4, first): 0.2, day(year, 4, first + 1): 0.2,
            day(year, 12, 2): 0.4,
        }
    return {
        day(year, 1, 1): 0.1, day(year, 1, 26): 0.3, day(year, 8, 15): 0.3, day(year, 10, 2): 0.4,
    }


def poisson(rng: random.Random, mean: float) -> int:
    """A count with that mean."""
    if mean <= 0:
        return 0
    if mean > POISSON_EXACT_MAX:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def overdispersed(rng: random.Random, mean: float, dispersion: float) -> int:
    """A negative binomial count: its variance is mean + dispersion x mean^2."""
    if mean <= 0:
        return 0
    return poisson(rng, mean * rng.gammavariate(1 / dispersion, dispersion))


def round_text(value: float) -> str:
    """A value with at most two decimal places."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
